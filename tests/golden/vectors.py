"""One instance of every way a page can call a third party, and of every way to spell its address.

In each piece of markup `~` stands for the tracker's host, with a label of its own per vector, so a request
tells which vector sent it. `[[how:text]]` spells `text` in the way `how` after that.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

PICTURE = "new Image().src='https://~/a.gif'"
LOADER = "var s=document.createElement('script');s.src='https://~/a.js';document.head.appendChild(s)"

WAYS: dict[str, str] = {
    # Scripts
    "script": "<script src='https://~/a.js'></script>",
    "script module": "<script type=module src='https://~/a.mjs'></script>",
    "script nomodule": "<script nomodule src='https://~/a.js'></script>",
    "script blocking": "<script blocking=render async src='https://~/a.js'></script>",
    "script text": f"<script>{PICTURE}</script>",
    "script text import": "<script type=module>import 'https://~/a.mjs'</script>",
    "script text in pieces": "<script>" + LOADER.replace("https://~", "https://'+'~") + "</script>",
    "script text escaped": "<script>document.write(unescape('%3Cimg src=//~/a.gif%3E'))</script>",
    "script data": f'<script src="data:text/javascript,{PICTURE}"></script>',
    "script data base64": f'<script src="data:text/javascript;base64,[[base64:{PICTURE}]]"></script>',
    "script of a lazy loader": "<script type='text/lazy' data-src='https://~/a.js'></script>",
    "speculation rules": '<script type=speculationrules>{"prefetch":[{"source":"list","eagerness":"immediate",'
    '"urls":["https:\\/\\/~/p"]}]}</script>',
    "speculation rules escaped": '<script type=speculationrules>{"prerender":[{"eagerness":"immediate",'
    '"urls":["\\u0068ttps://~/p"]}]}</script>',
    "import map": '<script type=importmap>{"imports":{"tracked":"https://~/a.mjs"}}</script>'
    "<script type=module>import 'tracked'</script>",
    # Handlers and addresses that are scripts
    "onload": f'<img src=/own.gif onload="{PICTURE}">',
    "onerror": f'<img src=/missing onerror="{LOADER}">',
    "onload of svg": f'<svg onload="{PICTURE}"></svg>',
    "onanimationstart": "<style>@keyframes turn{to{top:0}}</style>"
    f'<b style="animation:turn 1ms" onanimationstart="{PICTURE}">a</b>',
    "onclick": f'<button onclick="{LOADER}">a</button>',
    "javascript link": f'<a href="javascript:{LOADER}">a</a>',
    "javascript form": f'<form action="javascript:{LOADER}"><button formaction="javascript:{LOADER}">a</button></form>',
    "javascript frame": f'<iframe src="javascript:{LOADER}"></iframe>',
    # Frames and plugins
    "iframe": "<iframe src='https://~/f'></iframe>",
    "iframe lazy": "<iframe loading=lazy src='https://~/f'></iframe>",
    "iframe credentialless": "<iframe credentialless src='https://~/f'></iframe>",
    "iframe srcdoc": "<iframe srcdoc='<img src=https://~/i>'></iframe>",
    "iframe srcdoc nested": "<iframe srcdoc='<iframe srcdoc=&quot;<img src=https://~/i>&quot;></iframe>'></iframe>",
    "iframe data": "<iframe src='data:text/html,<img src=https://~/i>'></iframe>",
    "fencedframe": "<fencedframe src='https://~/f'></fencedframe>",
    "portal": "<portal src='https://~/f'></portal>",
    "object": "<object data='https://~/o'></object>",
    "object data": "<object type=text/html data='data:text/html,<img src=https://~/i>'></object>",
    "object param movie": "<object type=application/x-shockwave-flash><param name=movie value='https://~/o.swf'></object>",
    "object param src": "<object><param name=src value='https://~/o'><param name=url value='https://~/o'></object>",
    "embed": "<embed src='https://~/e'>",
    "embed data": "<embed type=text/html src='data:text/html,<img src=https://~/i>'>",
    "applet": "<applet code=a codebase='https://~/' archive='https://~/a.jar'></applet>",
    # Images
    "img": "<img src='https://~/i'>",
    "img srcset": "<img src=/own.gif srcset='https://~/i 1x, /own.gif 2x'>",
    "img lowsrc": "<img lowsrc='https://~/i' dynsrc='https://~/i'>",
    "image": "<image src='https://~/i'>",
    "picture": "<picture><source srcset='https://~/i'><img src=/own.gif></picture>",
    "input image": "<input type=image src='https://~/i'>",
    "svg image": "<svg><image href='https://~/i'/></svg>",
    "svg image old": "<svg><image xlink:href='https://~/i'/></svg>",
    "svg use": "<svg><use href='https://~/s.svg#a'/></svg>",
    "svg feimage": "<svg width=9 height=9><filter id=fe><feImage href='https://~/i'/></filter>"
    "<rect width=9 height=9 filter='url(#fe)'/></svg>",
    "svg script": "<svg><script href='https://~/a.js'/></svg>",
    "svg script old": "<svg><script xlink:href='https://~/a.js'></script></svg>",
    "svg script text": f"<svg><script>{PICTURE}</script></svg>",
    "svg set": "<svg><image><set attributeName=href to='https://~/i'/></image></svg>",
    "svg animate": "<svg><image><animate attributeName=href values='https://~/i;https://~/j' dur=1s /></image></svg>",
    "svg animate ends": "<svg><image><animate attributeName='xlink:href' from='https://~/i' to='https://~/j' by='https://~/k' dur=1s /></image></svg>",  # noqa: E501
    "svg tref": "<svg><tref xlink:href='https://~/s.svg#a'/><mpath href='https://~/s.svg#a'/></svg>",
    "svg gradient": "<svg width=9 height=9><linearGradient id=lg href='https://~/s.svg#a'/><pattern href='https://~/s.svg#a'/>"
    "<rect width=9 height=9 fill='url(#lg)'/></svg>",
    "svg fill": "<svg width=9 height=9><rect width=9 height=9 fill='url(https://~/s.svg#a)'/></svg>",
    "svg filter": "<svg width=9 height=9><rect width=9 height=9 filter='url(https://~/s.svg#a)'/></svg>",
    "svg mask": "<svg width=9 height=9><rect width=9 height=9 mask='url(https://~/s.svg#a)'/></svg>",
    "svg clip path": "<svg width=9 height=9><rect width=9 height=9 clip-path='url(https://~/s.svg#a)'/></svg>",
    "svg marker": "<svg width=9 height=9><path d='M0 0L9 9' stroke=red marker-end='url(https://~/s.svg#a)'/></svg>",
    "svg cursor": "<svg width=9 height=9><rect width=9 height=9 cursor='url(https://~/c.png),auto'/></svg>",
    "svg style": "<svg><style>.v{background:url(https://~/i)}</style></svg><b class=v>a</b>",
    "body background": "<table background='https://~/i'><tr><td background='https://~/j'>a</table>",
    # Media
    "video": "<video src='https://~/v' preload=auto></video>",
    "video poster": "<video poster='https://~/i'></video>",
    "video source": "<video preload=auto><source src='https://~/v' type=video/mp4></video>",
    "audio": "<audio src='https://~/v' preload=auto></audio>",
    "track": "<video crossorigin src=/own.webm><track default kind=subtitles src='https://~/t'></video>",
    "bgsound": "<bgsound src='https://~/a'>",
    # Links
    "link stylesheet": "<link rel=stylesheet href='https://~/s.css'>",
    "link stylesheet alternate": "<link rel='alternate stylesheet' title=a href='https://~/s.css'>",
    "link icon": "<link rel='shortcut icon' href='https://~/i.ico'>",
    "link apple icon": "<link rel=apple-touch-icon href='https://~/i.png'>",
    "link manifest": "<link rel=manifest href='https://~/m'>",
    "link preconnect": "<link rel=preconnect href='https://~'>",
    "link dns-prefetch": "<link rel=dns-prefetch href='//~'>",
    "link preload": "<link rel=preload as=image href='https://~/i'>",
    "link preload set": "<link rel=preload as=image imagesrcset='https://~/i 1x'>",
    "link modulepreload": "<link rel=modulepreload href='https://~/a.mjs'>",
    "link prefetch": "<link rel=prefetch href='https://~/p'>",
    "link prerender": "<link rel=prerender href='https://~/p'>",
    "link import": "<link rel=import href='https://~/p'>",
    "link dictionary": "<link rel=compression-dictionary href='https://~/d'>",
    "link data": "<link rel=stylesheet href=\"data:text/css,@import 'https://~/s.css'\">",
    "link data within data": "<link rel=stylesheet href=\"data:text/css,@import 'data:text/css,@import%2520url(https://~/s.css)'\">",
    "link style later": "<link rel=preload as=style href='https://~/s.css' onload=\"this.rel='stylesheet'\">",
    # Style sheets
    "css import": "<style>@import 'https://~/s.css';</style>",
    "css import url": "<style>@IMPORT url( https://~/s.css ) layer(a);</style>",
    "css import escaped": "<style>@\\69mport 'https://~/s.css';</style>",
    "css import data": "<style>@import 'data:text/css,@import%20url(https://~/s.css)';</style>",
    "css url": "<style>.u1{background:url(https://~/i)}</style><b class=u1>a</b>",
    "css url escaped": "<style>.u2{background:\\75 rl('https://~/i')}</style><b class=u2>a</b>",
    "css url spelt": "<style>.u3{background:url(https\\3a //~/i)}</style><b class=u3>a</b>",
    "css image set": "<style>.u4{background:image-set('https://~/i' 1x)}</style><b class=u4>a</b>",
    "css old image set": "<style>.u5{background:-webkit-image-set(url(https://~/i) 1x)}</style><b class=u5>a</b>",
    "css image set type": "<style>.u6{background:image-set('https://~/i' type('image/png') 1x)}</style><b class=u6>a</b>",  # noqa: E501
    "css src": "<style>.u7{background:src('https://~/i')}</style><b class=u7>a</b>",
    "css image": "<style>.u8{background:image('https://~/i')}</style><b class=u8>a</b>",
    "css variable": "<style>.u9{--i:url(https://~/i);background:var(--i)}</style><b class=u9>a</b>",
    "css string variable": "<style>.u10{--i:'https://~/i';background:image-set(var(--i) 1x)}</style><b class=u10>a</b>",
    "css cross-fade": "<style>.u11{background:-webkit-cross-fade(url(https://~/i),url(/own.gif),50%)}</style><b class=u11>a</b>",  # noqa: E501
    "css font": "<style>@font-face{font-family:f;src:url(https://~/f.woff2)}.u12{font-family:f}</style><b class=u12>a</b>",  # noqa: E501
    "css cursor": "<style>.u13{cursor:url('https://~/c.png'),auto}</style><b class=u13>a</b>",
    "css list": "<style>li.u14{list-style:url(https://~/i)}</style><li class=u14>a",
    "css content": "<style>.u15::before{content:url(https://~/i)}</style><b class=u15>a</b>",
    "css open comment": "<style>/* ' */.u16{background:url(https://~/i)}</style><b class=u16>a</b>",
    "css in an unfinished sheet": "<style>.u17{background:url(https://~/i</style><b class=u17>a</b>",
    "css clip": "<style>.u18{clip-path:url(https://~/s.svg#a)}</style><b class=u18>a</b>",
    "style attribute": "<b style='background:url(https://~/i)'>a</b>",
    "style attribute escaped": '<b style="background:\\000075rl(&#x22;https://~/i&quot;)">a</b>',
    "style attribute set": "<b style=\"background:image-set(&quot;https://~/i&quot; 1x)\">a</b>",
    # Reporting
    "attributionsrc of a script": "<script src=/own.js attributionsrc='https://~/x'></script>",
    "attributionsrc of an image": "<img src=/own.gif attributionsrc='https://~/x'>",
    "attributionsrc of a link": "<a href=/x attributionsrc='https://~/x' ping='https://~/p'>a</a>",
    "area ping": "<map><area href=/x ping='/own https://~/p'></map>",
    # Text that is markup for some readers, or later
    "noscript": "<noscript><img src='https://~/i'><iframe src='https://~/f'></iframe></noscript>",
    "template": "<template><img src='https://~/i'><script src='https://~/a.js'></script></template>",
    "template shadow": "<p><template shadowrootmode=open><img src='https://~/i'></template></p>",
    "revealed comment": "<![if !IE]><img src='https://~/i'><![endif]>",
    "processing instruction": "<?xml-stylesheet href='/own'?><img src='https://~/i'>",
    "select": "<select><option><script src='https://~/a.js'></script></select>",
    "select img": "<select><img src='https://~/i'></select>",
    "table script": "<table><script src='https://~/a.js'></script><img src='https://~/i'></table>",
    "math script": "<math><mtext><script src='https://~/a.js'></script></mtext></math>",
    "svg broken out": "<svg></p><style><img src='https://~/i'></style></svg>",
    "svg broken out by a paragraph": "<svg><p><style><!--</style><img src='https://~/i'>--></style></svg>",
    "svg title": "<svg><title><img src='https://~/i'></title></svg>",
    "svg cdata": "<svg><![CDATA[><img src=/own.gif>]]><image href='https://~/i'/></svg>",
    "textarea closed": "<textarea></textarea x><img src='https://~/i'>",
    "title in title": "<title><!--</title><img src='https://~/i'>--></title>",
    "comment closed early": "<!--><img src='https://~/i'>-->",
    "comment closed by an exclamation": "<!-- a --!><img src='https://~/i'>-->",
    "escaped script": "<script><!--<script></script>a--></script><img src='https://~/i'>",
}
"""Ways that can share a page."""

ALONE: dict[str, str] = {
    "base": "<base href='https://~/'><img src=i>",
    "base for a module": "<base href='https://~/x/'><script type=module>import './a.mjs'</script>",
    "base for a style sheet": "<base href='https://~/x/'><style>@import 'a.css';</style>",
    "meta refresh": "<meta http-equiv=refresh content='0;url=https://~/r'>",
    "meta refresh without url": "<meta http-equiv=Refresh content='0, https://~/r'>",
    "meta refresh to a page of data": "<meta http-equiv=refresh content=\"0;url=data:text/html,<img src=https://~/i>\">",
    "meta link": "<meta http-equiv=Link content='<https://~/s.css>;rel=stylesheet'>",
    "html manifest": "<html manifest='https://~/m'>",
    "onload of the body": f'<body onload="{PICTURE}">',
    "body background": "<body background='https://~/i'>",
    "frame": "<frameset><frame src='https://~/f'></frameset>",
    "frameset onload": f'<frameset onload="{PICTURE}"><frame src=/own></frameset>',
    "open script": f"<script>{PICTURE}",
    "open style": "<b class=o>a</b><style>.o{background:url(https://~/i",
    "open svg script": f"<svg><script>{PICTURE}",
    "math alone": "<math><mtext></p><table><mglyph><style><!--</style><img src='https://~/i'>-->",
    "noembed": "<noembed></noembed x><img src='https://~/i'>",
    "xmp": "<xmp><!--</xmp><img src='https://~/i'>",
    "noframes": "<noframes></noframes/><img src='https://~/i'>",
    "svg in select": "<select><svg><style><img src='https://~/i'></style>",
}
"""Ways that end, move or turn around the page they stand in."""

SPELLINGS: dict[str, str] = {
    "decimal references": "<img src='[[decimal:https://~/i]]'>",
    "hexadecimal references": "<img src='[[hexadecimal:https://~/i]]'>",
    "references without semicolons": "<img src='[[unclosed:https://~/i]]'>",
    "zero-padded references": "<img src='[[padded:https://~/i]]'>",
    "named references": "<img src='https&colon;&sol;&sol;~&sol;i'>",
    "references to white space": "<img src='ht&Tab;tps:/&NewLine;/~/i'>",
    "space around": "<img src=' \n\t\f https://~/i \r\n'>",
    "control characters around": "<img src='\x01\x1f https://~/i\x08'>",
    "tabs and newlines inside": "<img src='ht\ntp\ts:/\r/[[broken:~]]/i'>",
    "upper case": "<IMG SRC='HTTPS://[[upper:~]]/I'>",
    "mixed case script": "<sCrIpT sRc='hTtPs://~/a.js'></ScRiPt>",
    "no scheme": "<img src='//~/i'>",
    "backslashes without scheme": "<img src='\\\\~\\i'>",
    "backslashes": "<img src='https:\\\\~\\i'>",
    "slash and backslash": "<img src='/\\~/i'>",
    "backslash and slash": "<img src='\\/~/i'>",
    "one slash": "<img src='https:/~/i'>",
    "no slash": "<img src='https:~/i'>",
    "many slashes": "<img src='https:////~/i'>",
    "many slashes without scheme": "<img src='////~/i'>",
    "user information": "<img src='https://shop.example@~/i'>",
    "user information twice": "<img src='https://a@b:c@~/i'>",
    "port": "<img src='https://~:443/i'>",
    "other port": "<img src='https://~:8443/i'>",
    "padded port": "<img src='https://~:00443/i'>",
    "trailing dot": "<img src='https://~./i'>",
    "percent-encoded host": "<img src='https://[[percent:~]]/i'>",
    "full-width host": "<img src='https://[[wide:~]]/i'>",
    "ideographic dots": "<img src='https://[[dots:~]]/i'>",
    "percent-encoded full-width host": "<img src='https://[[percent:[[wide:~]]]]/i'>",
    "soft hyphens": "<img src='https://[[soft:~]]/i'>",
    "bold letters": "<img src='https://[[bold:~]]/i'>",
    "no quotes": "<img src=https://~/i>",
    "no space before": "<img/src=https://~/i>",
    "script and slash": "<script/src=https://~/a.js></script>",
    "nothing between": "<img alt=''src='https://~/i'>",
    "slashes between": "<img///alt=''//src='https://~/i'//>",
    "space around the sign": "<img src\n=\f'https://~/i'>",
    "sign at the start": "<img = =a src='https://~/i'>",
    "repeated": "<img src='https://~/i' src=/own.gif>",
    "bracket in a value": "<img alt='>' src='https://~/i'>",
    "quote in a name": "<img a' src='https://~/i' b'>",
    "quote without quotes": "<img alt=a'b\"c src=https://~/i>",
    "form feed": "<img\fsrc='https://~/i'>",
    "unclosed by less-than": "<img src='https://~/i' <b>a</b>",
    "mark before the scheme": "<img src='//~/i\ufeff'>",
    "null in the address": "<img src='https://~/\0i'>",
    "dots in the path": "<img src='https://~/../../i'>",
    "number for a question": "<img src='https://~?i'>",
    "number sign": "<img src='https://~#i'>",
    "websocket of a script": "<script>new WebSocket('wss://~/w')</script>",
    "srcset without space": "<img srcset='https://~/i,https://~/j 2x'>",
    "srcset with brackets": "<img srcset='/own.gif 2x (a, b), https://~/i'>",
    "style in capitals": "<STYLE>.S{BACKGROUND:URL(HTTPS://~/I)}</STYLE><b class=S>a</b>",
    "style with quotes": "<b style=background:url(https://~/i)>a</b>",
}

ASLEEP = frozenset(
    [
        # What browsers have given up, or never did across origins.
        "applet", "bgsound", "css image", "css src", "fencedframe", "html manifest", "img lowsrc", "link import",
        "link prerender", "meta link", "object param movie", "object param src", "open script", "open svg script",
        "portal", "script nomodule", "svg animate ends", "svg filter", "svg gradient", "svg tref", "svg use",
        "user information", "user information twice",
        # What comes later, in other browsers, or is not seen from outside.
        "attributionsrc of a script", "attributionsrc of an image", "link apple icon", "link dns-prefetch",
        "link manifest", "link preconnect", "noscript", "script of a lazy loader", "speculation rules",
        "speculation rules escaped", "svg broken out", "template",
    ]
)  # fmt: skip
"""Ways that today's Chromium does not take in this test."""

IDLE: dict[str, str] = {
    "link": "<a href='https://~/x'>a</a><area href='https://~/x'>",
    "form": "<form action='https://~/x'><button formaction='https://~/x'>a</button></form>",
    "cite": "<q cite='https://~/'>a</q><blockquote cite='https://~/'>a</blockquote><ins cite='https://~/'>a</ins>",
    "longdesc": "<img src=/own.gif longdesc='https://~/'>",
    "link canonical": "<link rel=canonical href='https://~/'><link rel=pingback href='https://~/'>",
    "link alternate": "<link rel=alternate href='https://~/'><link rel=expect href='#a'>",
    "meta": "<meta property=og:image content='https://~/i'>",
    "comment": "<!-- <img src='https://~/i'> --><!--[if IE]><script src='https://~/a.js'></script><![endif]-->",
    "text": "<textarea><img src='https://~/i'></textarea><p>https://~/</p>",
    "title": "<title><img src='https://~/i'></title>",
    "json": "<script type='application/ld+json'>{\"url\":\"https://~/\"}</script>",
    "allow": "<iframe allow='geolocation https://~' src=/own></iframe>",
    "xml namespace": "<svg xmlns:x='https://~/'></svg>",
    "meta policy": "<meta http-equiv=content-security-policy content=\"img-src 'none'; report-uri https://~/r\">",
    "math style": "<math><mtext><table><mglyph><style><img src='https://~/i'></style></table></math>",
    "microdata": "<link itemprop=url href='https://~/'><b itemid='https://~/' data-note='see https://~/'>a</b>",
    "open tag": "<b>a</b><img src='https://~/i'",
    "null in the name": "<img\0 src='https://~/i'>",
    "references within references": "<img src='&amp;#104;ttps://~/i'>",
    "relative with two dots": "<img src='i/https://~/i'>",
    "plain text": "<xmp><img src='https://~/i'></xmp>",
}
"""Addresses that nothing is asked of: a visitor's act, a name, a text. They stay."""


def _references(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(character)) for character in text)


def _wide(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if character.isalnum() else character for character in text)


def _bold(text: str) -> str:
    return "".join(chr(0x1D41A + ord(c) - ord("a")) if c.isalpha() else c for c in text)


HOW: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "decimal": _references("&#{};"),
    "hexadecimal": _references("&#x{:X};"),
    "unclosed": _references("&#x{:x}"),
    "padded": _references("&#0000{:07};"),
    "broken": "\n".join,
    "upper": str.upper,
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "wide": _wide,
    "dots": lambda text: text.replace(".", "\u3002", 1).replace(".", "\uff61"),
    "soft": "\u00ad".join,
    "bold": _bold,
}
_SPELT = re.compile(r"\[\[(\w+):((?:[^\[\]]|\[(?!\[)|\](?!\]))*)\]\]")


def label(name: str) -> str:
    """A host label for the vector of that name."""
    return "v-" + re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def markup(vector: str, name: str, domain: str) -> str:
    """The markup of a vector whose tracker is a host below `domain`."""
    text = vector.replace("~", f"{label(name)}.{domain}")
    while match := _SPELT.search(text):
        text = text[: match.start()] + HOW[match[1]](match[2]) + text[match.end() :]
    return text
