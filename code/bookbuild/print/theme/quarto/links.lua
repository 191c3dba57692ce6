-- Quarto's filter for a book in one file, PDF or EPUB: links to later chapters, which Quarto leaves
-- as links to their sources.

-- The label of the chapter in a file: the identifier of its title.
local function chapter_label(path)
  local file = io.open(pandoc.path.join({ quarto.project.directory, path }))
  if not file then return nil end
  local title = ("\n" .. file:read("a")):match("\n(# [^\n]+)") or ""
  file:close()
  local heading = pandoc.read(title, "markdown").blocks[1]
  return heading and heading.identifier
end

-- Quarto resolves the links to earlier chapters only.
local function link(each)
  if not each.target:match("^[^:#]+%.qmd$") then return nil end
  local state = quarto.doc.file_metadata()
  local folder = state and state.file and state.file.resourceDir or "."
  local label = chapter_label(pandoc.path.join({ folder, each.target }))
  if not label then return each.content end
  each.target = "#" .. label
  return each
end

if quarto.doc.is_format("typst") or quarto.doc.is_format("epub") then
  return quarto.utils.combineFilters({ quarto.utils.file_metadata_filter(), { Link = link } })
end
