-- Mathematics as MathML, set as TeX would set it.
--
-- pandoc turns TeX into MathML; browsers then space and stretch it less well than TeX does.
-- This filter asks pandoc for the MathML of each formula and mends what shows: accents, the
-- space round "log", scripts, norms, aligned fractions, upright bold; and it keeps a formula and
-- the comma after it on one line. The same file serves both presses, HTML and EPUB.

-- A tree of elements: {tag = "mo", attributes = ' form="prefix"', "text" or children ...}

local function parse(text)
  local root = {}
  local stack = { root }
  local position = 1
  while true do
    local from, to, close, tag, attributes = text:find("<(/?)(%w+)([^>]*)>", position)
    local before = text:sub(position, (from or 0) - 1)
    if before:match("%S") then table.insert(stack[#stack], before) end
    if not from then return root end
    if close == "/" then
      table.remove(stack)
    else
      local node = { tag = tag, attributes = attributes }
      table.insert(stack[#stack], node)
      table.insert(stack, node)
    end
    position = to + 1
  end
end

local function write(node)
  if type(node) == "string" then return node end
  local inner = {}
  for _, child in ipairs(node) do table.insert(inner, write(child)) end
  inner = table.concat(inner)
  if not node.tag then return inner end
  return "<" .. node.tag .. node.attributes .. ">" .. inner .. "</" .. node.tag .. ">"
end

local function is(node, tag) return type(node) == "table" and node.tag == tag end
local function has(node, attribute) return node.attributes:find(attribute, 1, true) ~= nil end

local function set(node, name, value)
  local rest = node.attributes:gsub(" " .. name .. '="[^"]*"', "")
  node.attributes = rest .. " " .. name .. '="' .. value .. '"'
end

local function length(text) return utf8.len(text) end

-- Accents. The combining marks have no width, and wide marks belong on wide bases only.

local SPACING_MARK = {
  ["\u{302}"] = "ˆ", ["\u{303}"] = "˜", ["\u{304}"] = "¯", ["‾"] = "¯", ["\u{307}"] = "˙",
  ["\u{308}"] = "¨", ["\u{30C}"] = "ˇ", ["\u{306}"] = "˘", ["\u{301}"] = "´", ["\u{300}"] = "`",
  ["\u{30A}"] = "˚",
}

local function accent(node)
  local base, mark = node[1], node[2]
  if not (is(node, "mover") and is(mark, "mo") and has(mark, "accent")) then return end
  local single = is(base, "mi") or is(base, "mn")
  set(node, "accent", "true")
  if mark[1] == "¯" and not single then
    mark[1] = "‾"
  elseif single and SPACING_MARK[mark[1]] then
    mark[1] = SPACING_MARK[mark[1]]
    set(mark, "stretchy", "false")
  elseif single and mark[1] == "→" then
    set(mark, "stretchy", "false")
    set(mark, "mathsize", "75%")
  end
end

-- Names of functions: a thin space from their neighbours, none before a bracket.

local SCRIPTED = { msub = true, msup = true, msubsup = true, munder = true, mover = true, munderover = true }

local function is_function(node)
  if type(node) ~= "table" then return false end
  if SCRIPTED[node.tag] then return is_function(node[1]) end
  if node.tag == "mi" then return has(node, '"normal"') and length(node[1]) > 1 end
  local last = node[#node]
  return is(node, "mrow") and #node == 2 and is(last, "mo") and last[1] == "&#8289;"
end

local function ends_an_operand(node)
  return type(node) == "table" and node.tag ~= "mspace" and
    (node.tag ~= "mo" or has(node, 'form="postfix"'))
end

local function begins_an_operand(node)
  return type(node) == "table" and node.tag ~= "mspace" and node.tag ~= "mo"
end

-- A bracket that carries a script grows with its row only inside a row of its own.

local function settle_bracket(node)
  if SCRIPTED[node.tag] and is(node[1], "mo") and has(node[1], "minsize") then
    node[1] = { tag = "mrow", attributes = "", node[1] }
  end
end

-- A browser hangs a subscript from the lowest point of its letter, TeX from the line: a letter
-- with a tail, like y or f, then pulls its index down. It is made to weigh nothing below the line.

local TAILS = {}
for _, code in utf8.codes("fgjpqyQJβγζημξρφϕχψς") do TAILS[utf8.char(code)] = true end

local function raise_index(node)
  local base = node[1]
  if (node.tag == "msub" or node.tag == "msubsup") and is(base, "mi") and TAILS[base[1]] then
    node[1] = { tag = "mpadded", attributes = ' depth="0"', base }
  end
end

local function thin_space() return { tag = "mspace", attributes = ' width="0.167em"' } end

local ROW = { mrow = true, mtd = true, msqrt = true, semantics = true }

local function space_functions(row)
  if not ROW[row.tag] or is_function(row) then return end
  for at = #row, 1, -1 do
    if is_function(row[at]) then
      if begins_an_operand(row[at + 1]) then table.insert(row, at + 1, thin_space()) end
      if ends_an_operand(row[at - 1]) and not is_function(row[at - 1]) then
        table.insert(row, at, thin_space())
      end
    end
  end
end

-- \mathrm{ReLU} is one name, not four letters.

local function join_letters(row)
  if row.tag ~= "mrow" or #row < 2 then return end
  local name = {}
  for _, child in ipairs(row) do
    if not (is(child, "mi") and has(child, '"normal"') and length(child[1]) == 1) then return end
    table.insert(name, child[1])
  end
  row.tag, row.attributes = "mi", ' mathvariant="normal"'
  for at = #row, 1, -1 do row[at] = nil end
  row[1] = table.concat(name)
end

-- \mathbf is upright: pandoc gives bold italic letters for it and for \boldsymbol alike.

local function upright_bold(node)
  local code = #node == 1 and type(node[1]) == "string" and length(node[1]) == 1 and
    utf8.codepoint(node[1])
  if code and code >= 0x1D468 and code <= 0x1D49B then node[1] = utf8.char(code - 0x68) end
end

local function walk(node, in_script, upright)
  if type(node) == "string" then return end
  for at, child in ipairs(node) do
    if child.tag ~= "annotation" then
      walk(child, in_script or (SCRIPTED[node.tag] and at > 1), upright)
    end
  end
  if node.tag == "mo" then
    local bar = node[1] == "∥" or node[1] == "|" or node[1] == "‖"
    if (in_script and not has(node, "accent")) or (bar and has(node, "form")) then
      set(node, "lspace", "0")
      set(node, "rspace", "0")
    end
    -- \lVert is of one size; \left and \bigl come with another sign or a size.
    if node[1] == "‖" and not has(node, "minsize") then set(node, "stretchy", "false") end
  elseif node.tag == "mi" and upright then
    upright_bold(node)
  elseif node.tag == "mtable" and write(node):find("padding%-right: 0") then
    set(node, "displaystyle", "true")
  end
  accent(node)
  settle_bracket(node)
  raise_index(node)
  join_letters(node)
  space_functions(node)
end

-- Quarto writes a number as a part of the formula; it belongs to the line, at its end.

local function split_number(tex)
  local rest, number = tex:match("^(.-)%s*\\qquad%(([%w.]+)%)%s*$")
  return rest or tex, number
end

function Math(formula)
  local tex, number = split_number(formula.text)
  local html = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ pandoc.Math(formula.mathtype, tex) }) }),
    "html5", { html_math_method = "mathml" })
  if not html:match("^<math") then return nil end
  local tree = parse(html)
  walk(tree, false, tex:find("\\mathbf", 1, true) ~= nil)
  local mathml = write(tree)
  if number then
    mathml = mathml:gsub("</annotation>", "\\tag{" .. number .. "}</annotation>") ..
      '<span class="equation-number">(' .. number .. ")</span>"
  end
  return pandoc.RawInline("html", mathml)
end

-- A browser may break a line between a formula and a comma or bracket that touches it.

local function touches(inline)
  return inline.t == "Str" or
    (inline.t == "RawInline" and inline.text:match('^<math display="inline"') ~= nil)
end

function Inlines(inlines)
  local result, run, formulas = pandoc.Inlines({}), pandoc.Inlines({}), 0
  local function close()
    if formulas > 0 and #run > 1 then
      result:insert(pandoc.Span(run, { class = "unbroken" }))
    else
      result:extend(run)
    end
    run, formulas = pandoc.Inlines({}), 0
  end
  for _, inline in ipairs(inlines) do
    if touches(inline) then
      run:insert(inline)
      if inline.t == "RawInline" then formulas = formulas + 1 end
    else
      close()
      result:insert(inline)
    end
  end
  close()
  return result
end

-- A column headed by a formula alone has that formula's letters as its name for those who hear
-- the page: what reads tables aloud takes the heading's text, and MathML is none.

local function letters(mathml)
  local words = mathml:gsub("<annotation.*</annotation>", ""):gsub("&#8289;", " "):gsub("<[^>]*>", "")
  return pandoc.utils.stringify(pandoc.read(words, "html"))
end

function Table(grid)
  if FORMAT:match("epub") then return nil end
  for _, row in ipairs(grid.head.rows) do
    for _, cell in ipairs(row.cells) do
      local content = cell.contents[1] and cell.contents[1].content
      local formula = content and #content == 1 and content[1]
      if formula and formula.t == "RawInline" then
        formula.text = formula.text:gsub("^<math", '<math aria-hidden="true"')
        content[1] = formula
        content:insert(pandoc.Span({ pandoc.Str(letters(formula.text)) }, { class = "visually-hidden" }))
      end
    end
  end
  return grid
end
