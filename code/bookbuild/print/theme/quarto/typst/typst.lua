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

local function prints(output)
  return output and output.t == "Div" and output.content[1] and output.content[1].t == "CodeBlock"
end

local function cell(div)
  local out = pandoc.Blocks({})
  for place, block in ipairs(div.content) do
    local kind = block.t == "Div" and table.concat(block.classes, " "):match("cell%-output%-(%w+)")
    if block.t == "CodeBlock" and block.classes:includes("cell-code") then
      local options = prints(div.content[place + 1]) and "(output: true)" or ""
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

local function main_matter(doc)
  for place, block in ipairs(doc.blocks) do
    if block.t == "Header" and block.level == 1 and not block.classes:includes("unnumbered") then
      doc.blocks:insert(place, typst("#show: main-matter"))
      return doc
    end
  end
end

-- An error's message comes with codes for a terminal's colours.
local function plain(block)
  block.text = block.text:gsub("\27%[[%d;]*m", "")
  return block
end

if quarto.doc.is_format("typst") then
  return {
    { Proof = proof },
    { Inlines = formulas, CodeBlock = plain },
    { Div = function(div)
      if div.classes:includes("cell") then return cell(div) end
      if div.identifier == "refs" then return around("#references[", { div }, "]") end
    end },
    { Pandoc = main_matter },
  }
end
