"""What axe finds wrong with a page."""

from axe_playwright_python.sync_playwright import Axe

# axe makes some hundred thousand colours, and keeps the fields of each in weak maps, on which most
# of its time goes. Here they are kept on the colour itself: the same answers at a third of the cost.
SCRIPT = """() => {
  const WeakMap = class {
    own = Symbol("kept");
    has(key) { return this.own in key; }
    get(key) { return key[this.own]; }
    set(key, value) { key[this.own] = value; return this; }
    delete(key) { return this.has(key) && delete key[this.own]; }
  };
  const WeakSet = class {
    own = Symbol("kept");
    has(key) { return this.own in key; }
    add(key) { key[this.own] = true; return this; }
  };
  %s;
  const { Color } = axe.commons.color;
  const known = new Map(), parse = Color.prototype.parseString;
  Color.prototype.parseString = function (text) {
    if (!known.has(text)) known.set(text, parse.call(new Color(0, 0, 0), text).toJSON());
    return Object.assign(this, known.get(text));
  };
}"""


def violations(page, *rules: str, within: str | dict = "html") -> list[tuple]:
    """Of each element that breaks a rule of axe: the rule, the element and what is wrong.

    All rules are asked that axe asks by itself, or those that are named; of the whole page, or of
    what a selector finds, or of what axe's context of `include` and `exclude` leaves.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SCRIPT % Axe().axe_script)
    options = {"resultTypes": ["violations"], **({"runOnly": [*rules]} if rules else {})}
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [(rule["id"], node["target"], node["failureSummary"])
            for rule in found["violations"] for node in rule["nodes"]]
