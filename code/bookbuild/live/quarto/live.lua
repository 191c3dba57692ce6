-- Quarto's filter: a page that has live cells loads what they need, which `prepare.py` has put
-- together before the render.

local PARTS = "../../../../.book/live/parts"

local function has_live_cells(doc)
  local found = false
  doc:walk({ Div = function(div)
    if div.classes:includes("cell") and div.classes:includes("live") then found = true end
  end })
  return found
end

-- The files of the parts that no page names but that the script loads, the runtime among them.
local function resources(folder, prefix)
  local list = {}
  for _, name in ipairs(pandoc.system.list_directory(folder)) do
    if name == "runtime" then
      for _, each in ipairs(resources(pandoc.path.join({ folder, name }), name .. "/")) do
        list[#list + 1] = each
      end
    elseif name ~= "live.js" and name ~= "live.css" then
      list[#list + 1] = { name = prefix .. name, path = PARTS .. "/" .. prefix .. name }
    end
  end
  return list
end

function Pandoc(doc)
  if not quarto.doc.is_format("html") or not has_live_cells(doc) then return nil end
  quarto.doc.add_html_dependency({
    name = "live",
    scripts = { { path = PARTS .. "/live.js", attribs = { defer = "defer" } } },
    stylesheets = { PARTS .. "/live.css" },
    resources = resources(pandoc.path.join({ quarto.project.directory, ".book", "live", "parts" }), ""),
  })
end
