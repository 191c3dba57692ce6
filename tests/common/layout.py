"""What a page in the browser hides sideways, and what says that it does."""

# What is wider than its box: text and outputs that are folded away are opened first.
WIDE = """() => {
    document.querySelectorAll("main details").forEach((each) => { each.open = true; });
    document.querySelectorAll("main .callout-header[aria-expanded]")
        .forEach((each) => each.setAttribute("aria-expanded", "true"));
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
        [...document.querySelectorAll("main *")].filter((each) =>
            !each.closest(".visually-hidden, .live-visually-hidden, annotation")
            && getComputedStyle(each).overflowX !== "visible"
            && each.scrollWidth > each.clientWidth + 1)
        .map((each) => ({ text: each.outerHTML.slice(0, 90), more: each.dataset.more ?? "",
                          reached: each.tabIndex === 0, faded: getComputedStyle(each).maskImage }))
    ))));
}"""


def wide(page) -> list[dict]:
    """The boxes of a page that scroll sideways."""
    return page.evaluate(WIDE)


def without_cue(page) -> list[str]:
    """Those of them that do not show that they go on, or that no key reaches."""
    return [each["text"] for each in wide(page)
            if not ("right" in each["more"] and each["reached"] and "gradient" in each["faded"])]
