-- Gives Quarto's pages the script beside this file.

function Pandoc()
  if quarto.doc.is_format("html:js") then
    quarto.doc.add_html_dependency({
      name = "book", scripts = { { path = "page.js", attribs = { defer = "defer" } } },
    })
  end
end
