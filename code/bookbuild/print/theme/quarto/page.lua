-- Gives Quarto's pages the scripts of the theme.

local function script(path) return { path = path, attribs = { defer = "defer" } } end

function Pandoc()
  if quarto.doc.is_format("html:js") then
    quarto.doc.add_html_dependency({
      name = "book", scripts = { script("page.js"), script("../html/wide.js") },
      stylesheets = { "../html/wide.css" },
    })
  end
end
