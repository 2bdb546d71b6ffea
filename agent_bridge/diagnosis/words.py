"""Words that names and texts on web pages are made of."""

from __future__ import annotations

from typing import Final


def words_in(text: str) -> frozenset[str]:
    """Return the words that stand in *text*."""
    return frozenset(text.split())


# Say what kind of box something is, not what it is about. Alike in these alone is not alike.
GENERIC: Final = words_in(
    """
    a action actions active area b badge bar block body bottom box btn button buttons cell center col cols
    column columns component container content control controls core cta current custom data default desktop
    details div element field first flex footer form full grid group header head heading holder icon id img
    image inner input inside is item items js label large last layout lead left lg line link links list main
    md medium menu mobile modal module nav new number outer page pane panel part primary right root row rows
    secondary section selected sm small span state sub subtitle tab table tabs tag text thumb tile title top
    ui value view widget wrap wrapper xl xs app card cards entry field fields info name names the to of for my
    js ng mui ant el v desc description option options toggle type navbar navigation
    """
)

# States come and go: an element without one is not misspelt.
STATES: Final = words_in(
    """
    active selected open opened visible disabled enabled loaded loading show shown hidden checked current
    expanded collapsed error errors invalid valid success warning complete completed done ready focus hover
    on off in out empty sticky pressed ng-invalid ng-valid was-validated is-invalid is-valid
    """
)

# Each is a word of its own. One is never a misspelling of another: card and cart, tile and title.
KNOWN: Final = (
    GENERIC
    | STATES
    | words_in(
        """
    about accept accordion account add addr address admin age ago alert all amount anchor and answer answers
    api archive article articles asset at author avatar back background bag banner base basket bid billing
    bin blog board book books brand breadcrumb browse buy call campaign cancel captcha caption car carousel
    cart case cases cat catalog categories category change chart chat check checkbox checkout chip choice
    city class clear click close code color comment comments company compare confirm contact contacts cookie
    cookies copy cost count country coupon create credit currency customer dashboard date day days deal
    delete delivery dialog discount divider document download draft drawer drop dropdown edit email end
    event events exit export fax featured feed feedback file files filter filters find follow format forum
    forward free from gallery game gender get gift go hall help hero hide history home host hot hour hours
    html import inbox index info invoice job jobs join key keyword lang language latest legal level like
    likes live load location log login logo logout low mail manager map mark max media member message
    messages meta min minus mode model month more msg name nav navbar navigation newer next night no not
    note notes notice notification num offer offers old older online order orders owner pager pagination
    paging panel parent password pay payment people phone photo photos picture pin place plan play player
    plus policy popup port post posts prev preview previous price prices pricing print privacy prod product
    products profile progress project promo public pwd qty query question quick quote random range rank rate
    rating ratings read recent record region register related remove rent reply report request reset result
    results return review reviews role room round rule sale sales save scale score screen script scroll
    search seat select sell send series service session set setting settings shipping shop short show side
    sidebar sign signin signup site size skip slide slider slot social sold sort source spec specs star
    stars start stat stats status step stock stop store stories story street style submit subscribe sum
    summary support tags task tasks team teaser tel telephone tell term terms test theme thumbnail ticket
    time times tip title toast today token tool toolbar tooltip topic total tour track trade trend trial
    unit up update upload url us user username users vat video view views vote watch web week welcome wish
    wishlist word words work year yes you your zip zone
    """
    )
)

# Turn a name into its opposite.
NEGATIONS: Final = words_in("no not non un none without empty missing skeleton placeholder")

# Libraries that number what they make.
GENERATORS: Final = words_in("uuid radix headlessui rc react reactselect ember ext downshift yui vaadin cdk")

# What may be added to a name without its meaning something else.
MODIFIERS: Final = words_in(
    """
    btn button link cta wrap wrapper container box inner outer holder text value label lg sm md xs xl large
    small medium primary secondary main new js ui component root element el field input control content
    area block section top bottom left right desktop mobile v big field id module widget default custom
    base core display current amount
    """
)

# Differ in use, not in meaning.
_GROUPS: Final = (
    ("btn", "button", "cta"),
    ("button", "link"),
    ("img", "image", "picture", "pic", "photo", "thumb", "thumbnail"),
    ("nav", "navigation", "navbar", "menu"),
    ("desc", "description", "descr", "summary"),
    ("title", "name", "heading", "headline"),
    ("qty", "quantity", "amount"),
    ("addr", "address"),
    ("pwd", "password", "pass", "passwd", "pw"),
    ("tel", "phone", "telephone", "mobile"),
    ("mail", "email"),
    ("msg", "message"),
    ("num", "number", "no"),
    ("prev", "previous", "back"),
    ("next", "forward", "continue", "proceed"),
    ("info", "information", "details", "detail"),
    ("login", "logon"),
    ("signup", "register", "join", "registration"),
    ("cart", "basket", "bag", "trolley"),
    ("delete", "remove"),
    ("search", "find", "query"),
    ("wrap", "wrapper", "container", "outer", "holder"),
    ("list", "items", "grid"),
    ("card", "item", "tile", "entry"),
    ("box", "field", "input", "control"),
    ("pager", "pagination", "paging"),
    ("cat", "category"),
    ("prod", "product"),
    ("user", "username", "usr"),
    ("lang", "language"),
    ("buy", "purchase", "order"),
    ("submit", "send"),
    ("close", "dismiss"),
    ("price", "cost"),
    ("review", "rating"),
    ("comment", "reply"),
    ("first", "fname"),
    ("postcode", "zip", "postal", "zipcode"),
    ("shipping", "delivery"),
    ("author", "writer"),
    ("accept", "agree", "allow"),
)


def _synonyms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in _GROUPS:
        for word in group:
            found.setdefault(word, set()).update(group)
    return {word: frozenset(others - {word}) for word, others in found.items()}


SYNONYMS: Final = _synonyms()

# Abbreviations mean the very same thing; other synonyms only nearly.
ABBREVIATIONS: Final = frozenset(
    frozenset(pair)
    for pair in (
        ("btn", "button"),
        ("img", "image"),
        ("nav", "navigation"),
        ("desc", "description"),
        ("qty", "quantity"),
        ("addr", "address"),
        ("pwd", "password"),
        ("pass", "password"),
        ("passwd", "password"),
        ("tel", "telephone"),
        ("tel", "phone"),
        ("mail", "email"),
        ("msg", "message"),
        ("num", "number"),
        ("prev", "previous"),
        ("info", "information"),
        ("cat", "category"),
        ("prod", "product"),
        ("lang", "language"),
        ("wrap", "wrapper"),
        ("thumb", "thumbnail"),
        ("user", "username"),
        ("zip", "zipcode"),
    )
)

# Two words that are written as one, too.
PHRASES: Final = {
    ("sign", "in"): "login",
    ("log", "in"): "login",
    ("log", "on"): "login",
    ("sign", "on"): "login",
    ("sign", "up"): "signup",
    ("log", "out"): "logout",
    ("sign", "out"): "logout",
    ("log", "off"): "logout",
    ("check", "out"): "checkout",
    ("e", "mail"): "email",
    ("user", "name"): "username",
    ("drop", "down"): "dropdown",
    ("pass", "word"): "password",
    ("post", "code"): "postcode",
    ("zip", "code"): "zipcode",
    ("news", "letter"): "newsletter",
}
JOINED: Final = {
    "signin": "login",
    "signon": "login",
    "logon": "login",
    "signout": "logout",
    "logoff": "logout",
}

# After the word before it says little: an email address is an email, as names go.
REDUNDANT: Final = frozenset(
    {("email", "address"), ("phone", "number"), ("account", "number"), ("zip", "code")}
)

# Of little weight in a text.
STOP_WORDS: Final = words_in(
    "a an the to of in on for your my our now and or with by it is at from this here"
)

HTML_TAGS: Final = words_in(
    """
    a abbr address area article aside audio b base blockquote body br button canvas caption cite code col
    colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark
    menu meta meter nav noscript object ol optgroup option output p param picture pre progress q rp rt ruby s
    samp script search section select slot small source span strong style sub summary sup svg table tbody td
    template textarea tfoot th thead time title tr track u ul var video wbr
    """
)

# Of WAI-ARIA 1.2 and its modules for documents and graphics that browsers know.
ARIA_ROLES: Final = words_in(
    """
    alert alertdialog application article banner blockquote button caption cell checkbox code columnheader
    combobox comment complementary contentinfo definition deletion dialog directory document emphasis feed
    figure form generic grid gridcell group heading image img insertion link list listbox listitem log main
    mark marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option
    paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search
    searchbox separator slider spinbutton status strong subscript suggestion superscript switch tab table
    tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem
    """
)
