-- Quarto's filter for the PDF: hands to the book's template what Quarto's own writer leaves out,
-- the kind of each piece of a cell, formulas' alternative texts, the end of a proof.

local function typst(code) return pandoc.RawBlock("typst", code) end

local function around(before, blocks, after)
  local all = pandoc.Blocks({ typst(before) })
  all:extend(blocks)
  all:insert(typst(after))
  return all
end

-- A Typst string literal.
local function literal(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%s+", " ") .. '"'
end

-- TeX as an alternative text: without what only sets the spacing.
local function spoken(tex)
  tex = tex:gsub("\\[,;:!]", " "):gsub("\\q?quad%f[%A]", " "):gsub("\\displaystyle%f[%A]", " ")
  tex = tex:gsub("\\[bB]igg?[lrm]?%f[%A]", " "):gsub("%s+", " ")
  return literal(tex:match("^ ?(.-) ?$"))
end

local function formula(math)
  return { pandoc.RawInline("typst", "#formula(alt: " .. spoken(math.text) .. ")["), math,
           pandoc.RawInline("typst", "]") }
end

local function raw_text(inline) return inline and inline.t == "RawInline" and inline.text or "" end

-- A formula with a number stands between two raw pieces of Quarto's.
local function formulas(inlines)
  local out = pandoc.Inlines({})
  for place, each in ipairs(inlines) do
    local before, after = raw_text(inlines[place - 1]), raw_text(inlines[place + 1])
    if each.t ~= "Math" then
      out:insert(each)
    elseif before:match("^#math%.equation%(") then
      local alt = before:match(', alt: (".*"), %[') or spoken(each.text)
      out[#out] = pandoc.RawInline("typst", "#equation(equation-numbering, alt: " .. alt .. ")[")
      out:insert(each)
      inlines[place + 1] = pandoc.RawInline("typst", (after:gsub("^ %]%)", "]")))
    else
      out:extend(formula(each))
    end
  end
  return out
end

-- As many lines of a cell, with what it prints, stay on one page.
local UNSPLIT = 12

local function lines_of(blocks)
  local count = 0
  pandoc.Blocks(blocks):walk({ CodeBlock = function(code)
    count = count + select(2, code.text:gsub("\n", "")) + 1
  end })
  return count
end

local function stays_whole(code, output)
  local printed = output and output.t == "Div" and lines_of({ output }) or 0
  return printed > 0 and printed + lines_of({ code }) <= UNSPLIT
end

local function cell(div)
  local out = pandoc.Blocks({})
  for place, block in ipairs(div.content) do
    local kind = block.t == "Div" and table.concat(block.classes, " "):match("cell%-output%-(%w+)")
    if block.t == "CodeBlock" and block.classes:includes("cell-code") then
      local options = stays_whole(block, div.content[place + 1]) and "(output: true)" or ""
      out:extend(around("#code-cell" .. options .. "[", { block }, "]"))
    elseif kind and kind ~= "display" then
      out:extend(around('#cell-output("' .. kind .. '")[', block.content, "]"))
    else
      out:insert(block)
    end
  end
  div.content = out
  return div
end

local function proof(node)
  if node.type:lower() ~= "proof" then return nil end
  local opening = pandoc.Inlines({ pandoc.RawInline("typst", "#proof([Proof]") })
  local name = quarto.utils.as_inlines(node.name or pandoc.Inlines({}))
  if #name > 0 then
    opening:insert(pandoc.RawInline("typst", ", name: ["))
    opening:extend(name)
    opening:insert(pandoc.RawInline("typst", "]"))
  end
  opening:insert(pandoc.RawInline("typst", ")["))
  local all = pandoc.Blocks({ pandoc.Plain(opening) })
  all:extend(node.div.content)
  all:insert(typst("]"))
  return all
end

-- A figure without a label has no number, as on the page.
local function unlabelled(figure)
  if figure.identifier ~= "" then return nil end
  local said = pandoc.utils.stringify(figure.caption.long)
  local opening = pandoc.Inlines({ pandoc.RawInline("typst", '#float("fig", none, caption: [') })
  opening:extend(pandoc.utils.blocks_to_inlines(figure.caption.long))
  opening:insert(pandoc.RawInline("typst", "])["))
  local all = pandoc.Blocks({ pandoc.Plain(opening) })
  all:extend(figure.content:walk({ Image = function(image)
    image.attributes["fig-alt"] = figure.attributes["fig-alt"] or image.attributes["fig-alt"]
    if pandoc.utils.stringify(image.caption) == said then image.caption = {} end
    return image
  end }))
  all:insert(typst("]"))
  return all
end

local function main_matter(doc)
  for place, block in ipairs(doc.blocks) do
    if block.t == "Header" and block.level == 1 and not block.classes:includes("unnumbered") then
      doc.blocks:insert(place, typst("#show: main-matter"))
      return doc
    end
  end
end

-- Few words stay on the page of what they lead to: one line under a heading with what follows it,
-- a few lines in front of a formula with the formula.
local ONE_LINE, FEW_LINES = 90, 280     -- characters

local function shows_formula(inline)
  return inline and (inline.t == "Math" and inline.mathtype == "DisplayMath"
                     or raw_text(inline):match("^#math%.equation%(")) and true or false
end

local function leading(before, block, after)
  local words, rest = pandoc.Inlines({}), pandoc.Inlines({})
  for _, each in ipairs(block.content) do
    local into = (#rest > 0 or shows_formula(each)) and rest or words
    into:insert(each)
  end
  local leads = #rest > 0 or after and after.t == "Para" and shows_formula(after.content[1])
  local limit = leads and FEW_LINES or before and before.t == "Header" and ONE_LINE or 0
  local said = utf8.len(pandoc.utils.stringify(words))
  if said == 0 or said > limit then return { block } end
  local indent = before and before.t == "Para" and before.content[#before.content].t ~= "RawInline"
  words:insert(1, pandoc.RawInline("typst", "#kept(indent: " .. tostring(indent or false) .. ")["))
  words:insert(pandoc.RawInline("typst", "]"))
  if #rest == 0 then return { pandoc.Plain(words) } end
  return { pandoc.Plain(words), pandoc.Para(rest) }
end

local function is_kept(block)
  return block and block.t == "Plain" and raw_text(block.content[1]):match("^#kept%(")
end

-- Typst indents a paragraph behind another one, but not behind what is kept with it.
local function kept_together(doc)
  local out = pandoc.Blocks({})
  for place, block in ipairs(doc.blocks) do
    local before, after = doc.blocks[place - 1], doc.blocks[place + 1]
    local pieces = block.t == "Para" and leading(before, block, after) or { block }
    local first = pieces[1]
    if first.t == "Para" and is_kept(out[#out]) and not shows_formula(first.content[1]) then
      first.content:insert(1, pandoc.RawInline("typst", "#h(indentation)"))
    end
    out:extend(pieces)
  end
  doc.blocks = out
  return doc
end

-- In the longest lines a word that no line can hold may break anywhere; the template sees to others.
local LONG_WORD = 72        -- letters

local function breakable(code)
  code.text = code.text:gsub("[^\n]+", function(line)
    return #line <= 1000 and line or line:gsub("%S+", function(word)
      return utf8.len(word) < LONG_WORD and word or word:gsub(utf8.charpattern, "%0\u{200b}")
    end)
  end)
  return code
end

-- An error's message comes with codes for a terminal's colours.
local function plain(block)
  block.text = block.text:gsub("\27%[[%d;]*m", "")
  return breakable(block)
end

if quarto.doc.is_format("typst") then
  return {
    { Proof = proof, Pandoc = kept_together },
    { Inlines = formulas, CodeBlock = plain, Code = breakable, Figure = unlabelled },
    { Div = function(div)
      if div.classes:includes("cell") then return cell(div) end
      if div.identifier == "refs" then return around("#references[", { div }, "]") end
    end },
    { Pandoc = main_matter },
  }
end
