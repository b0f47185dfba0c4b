from blockproxy.message import html
from blockproxy.model import Place, Reference, Resource, Span, Trigger
from blockproxy.url import parse

P = {
    ("img", "src"): Resource.IMAGE,
    ("a", "href"): Resource.LINK,
    ("bgsound", "src"): Resource.MEDIA,
    ("iframe", "src"): Resource.DOCUMENT,
    ("link", "href"): Resource.STYLE,
    ("form", "action"): Resource.FORM,
    ("img", "lowsrc"): Resource.IMAGE,
    ("td", "background"): Resource.IMAGE,
    ("input", "src"): Resource.IMAGE,
}


def in_html(view: bytes) -> list[Reference]:
    out = []
    for t in html.tokens(view):
        if t.kind is html.Kind.START:
            e = html.StartTag(view, t)
            for a in e.attributes:
                r = P.get((e.name, a.name))
                u = parse(a.value.strip()) if r else None
                if r and u:
                    trig = Trigger.CLICK if r in (Resource.LINK, Resource.FORM) else Trigger.OPEN
                    out.append(Reference(u.href, a.span, Place(f"{e.name} {a.name}", trig, r), e))
        elif t.kind is html.Kind.RAW and t.name == "style":
            import re

            for m in re.finditer(rb"url\(['\"]?([^'\")]+)", view[t.inside.start : t.inside.end]):
                u = parse(m[1].decode())
                if u:
                    out.append(
                        Reference(
                            u.href,
                            Span(t.inside.start + m.start(1), t.inside.start + m.end(1)),
                            Place("css url", Trigger.OPEN, Resource.STYLE),
                        )
                    )
    return out
