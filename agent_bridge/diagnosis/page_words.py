"""What pages of a kind say of themselves, in the languages that the web is mostly written in.

Each pattern is searched in short, bounded texts. A word proves nothing alone: the
rules that use these ask for something else besides.
"""

from __future__ import annotations

import functools
import re
from typing import Final


class Words:
    """Alternatives, in upper or lower case, that are compiled when a text is first held against them.

    All of them together take a twentieth of an agent's start, and most agents need none.
    """

    def __init__(self, *alternatives: str) -> None:
        """Take the alternatives, each a regular expression."""
        self._alternatives = alternatives

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(self._alternatives), re.IGNORECASE)

    def search(self, text: str) -> re.Match[str] | None:
        """Find them anywhere in *text*."""
        return self._pattern.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """Find them at the beginning of *text*."""
        return self._pattern.match(text)


# -- login ----------------------------------------------------------------------

LOGIN: Final = Words(
    r"\b(?:log|sign)[ -]?(?:in|on)\b",
    r"\blogin\b",
    r"\bauthenticat",
    r"\benter your password",
    r"\bwelcome back\b",
    r"\b(?:session|sitzung)\b.{0,20}\b(?:expired|timed out|abgelaufen)",
    r"\banmeld(?:en|ung)\b",
    r"\bmelden sie sich an\b",
    r"\beinloggen\b",
    r"\bse connecter\b",
    r"\bconnectez-vous\b",
    r"\bconnexion\b",
    r"\bs\Widentifier\b",
    r"\bidentifiez-vous\b",
    r"\binici(?:ar|a|e) sesi[oó]n\b",
    r"\bacceder\b",
    r"\bident[ií]ficate\b",
    r"\baccedi\b",
    r"\baccesso\b",
    r"\biniciar sess[aã]o\b",
    r"\bentrar\b",
    r"\bfazer login\b",
    r"\binloggen\b",
    r"\baanmelden\b",
    r"\bzaloguj",
    r"\blogowanie\b",
    r"\blogga in\b",
    r"\blogg inn\b",
    r"\blog ind\b",
    r"\bkirjaudu\b",
    r"\bpřihl[aá]s",
    r"\bgiriş yap",
    r"войти|вход|авториз",
    r"увійти",
    r"ログイン|サインイン",
    r"登录|登入|登錄",
    r"로그인",
    r"تسجيل الدخول",
)
SIGN_UP: Final = Words(
    r"\bsign(?:ing)?[ -]?up\b",
    r"\bregister\b",
    r"\bregistration\b",
    r"\bcreate (?:an |your |my )?(?:free )?account\b",
    r"\bjoin\b",
    r"\bregistrier",
    r"\bkonto (?:erstellen|anlegen)\b",
    r"\bcr[eé]er (?:un|votre|mon) compte\b",
    r"\bs\Winscrire\b",
    r"\bcrear (?:una |tu |su )?cuenta\b",
    r"\bregistr(?:arse|ate|ati|ar)\b",
    r"\bcadastr",
    r"\brejestr",
    r"зарегистр|регистрац",
    r"新規登録|会員登録",
    r"注册|註冊",
    r"회원가입",
)
# A password that is set or asked for again is not what lets one in.
NEW_PASSWORD: Final = Words(
    r"\b(?:new|current|old|repeat|confirm|change|reset|choose|set)\b.{0,20}\bpassword",
    r"\bpassword.{0,12}\b(?:confirm|again|repeat|reset|new)",
    r"\b(?:neues|altes|aktuelles|wiederhol\w*)\b.{0,20}(?:passwort|kennwort)",
    r"(?:passwort|kennwort).{0,12}(?:wiederhol|best[aä]tig|[aä]ndern)",
    r"\b(?:nouveau|ancien|confirm\w*|actuel)\b.{0,20}mot de passe",
    r"mot de passe (?:actuel|oublié)",
    r"\b(?:nueva|repite|confirma\w*|actual)\b.{0,20}contrase[nñ]a",
)
# What one logs in for where the page is there for everybody.
TAKE_PART: Final = Words(
    r"\bto (?:\w+ ){0,3}(?:comments?|reply|answer|respond|reviews?|rate|vote|post|discuss|participate)\b",
    r"\b(?:kommentieren|antworten|bewerten|abstimmen|mitdiskutieren)\b|\bkommentar|\bbewertung",
    r"\b(?:commenter|r[eé]pondre|r[eé]agir|donner (?:votre|un) avis)\b|\bcommentaire",
    r"\b(?:comentar|responder|opinar|votar)\b|\bcomentario|\bcoment[aá]rio",
    r"\b(?:commentare|rispondere)\b|\breageren\b|\bskomentowa",
    r"комментир|コメント|评论|댓글",
)
WELCOME: Final = Words(
    r"\bwelcome\b|\bhello\b|\bwillkommen\b|\bbienvenue\b|\bbienvenid|\bbenvenut|\bbem[- ]vind|\bwelkom\b"
    r"|\bwitamy\b|\bvälkommen\b|добро пожаловать|ようこそ|欢迎|환영"
)
# Segments of paths and labels of hosts.
LOGIN_PLACE: Final = Words(
    r"(?:^|[./_-])(?:log[-_]?in|log[-_]?on|sign[-_]?in|sign[-_]?on|sso|auth|oauth2?|oidc|openid(?:-connect)?|saml2?|adfs"
    r"|authenticate|authentication|authorize|accounts?/(?:log|sign)|anmelden|anmeldung|einloggen|connexion"
    r"|connecter|se-connecter|identification|acceder|acceso|iniciar-sesion|entrar|accedi|inloggen|aanmelden"
    r"|logowanie|zaloguj|user_session|session/new|sessions/new|wp-login|idp|idsrv|cas|signin-oidc"
    r"|checkpoint)"
    r"(?:$|[./_?-])",
)
LOGIN_HOST: Final = Words(
    r"^(?:log-?in|sign-?in|sso|auth|accounts?|idp|id|identity|oauth|secure-login|adfs|sts|cas)\d*\.",
)
WITH_PROVIDER: Final = Words(
    r"\b(?:with|using|via|mit|über|avec|con|com|med|met|z) (?:your )?"
    r"(?:google|apple|facebook|microsoft|github|gitlab|linkedin|okta|sso|saml|single sign|twitter|amazon)",
    r"\bsingle sign[ -]?on\b",
    r"\bsso\b",
    r"\bpasskey\b",
    r"(?:google|apple|facebook|microsoft|github)(?:で| 계정으로|로 로그인|登录)",
)

# -- consent --------------------------------------------------------------------

ACCEPT: Final = Words(
    r"^(?:yes,? )?(?:i )?(?:accept|agree|consent|allow)\b",
    r"\b(?:accept|allow|agree to) (?:all|cookies|and|&)",
    r"^got it\b",
    r"^(?:ok|okay)\W*$",
    r"\bi understand\b",
    r"\bakzeptier",
    r"\bzustimm",
    r"\bannehmen\b",
    r"\beinverstanden\b",
    r"\bverstanden\b",
    r"\ballen? cookies zulassen",
    r"\b(?:tout )?accepter\b",
    r"\bj\Waccepte\b",
    r"\bautoriser\b",
    r"\baceptar\b",
    r"\bacepto\b",
    r"\bpermitir\b",
    r"\baccett[oa]",
    r"\baceitar\b",
    r"\bconcordo\b",
    r"\baccepteren\b",
    r"\bakkoord\b",
    r"\bakceptuj",
    r"\bzgadzam\b",
    r"\bgodk[aä]nn",
    r"\bgodta\b",
    r"\baccept[eé]r\b",
    r"\bhyv[aä]ksy",
    r"\bsouhlas",
    r"\bkabul",
    r"принять|принимаю|соглас",
    r"прийняти",
    r"同意|接受|すべて許可|すべて受け入れ",
    r"동의|수락",
)
MERE_OK: Final = Words(r"^\W*(?:ok|okay|got it|verstanden)\W*$")
REFUSE: Final = Words(
    r"\breject\b",
    r"\brefuse\b",
    r"\bdecline\b",
    r"\bdeny\b",
    r"\bdisagree\b",
    r"\bonly (?:necessary|essential|required)",
    r"\b(?:necessary|essential) (?:cookies )?only",
    r"\bcontinue without\b",
    r"\bablehnen\b",
    r"\bnur (?:notwendige|erforderliche|essen[tz]ielle)",
    r"\brefuser\b",
    r"\bcontinuer sans\b",
    r"\brechazar\b",
    r"\brifiuta",
    r"\brejeitar\b|\brecusar\b",
    r"\bweigeren\b|\bafwijzen\b",
    r"\bodrzu[cć]",
    r"\bavvisa\b|\bneka\b|\bavvis\b|\bafvis\b",
    r"отклон|отказ",
    r"拒否|拒绝|拒絕|거부",
)
SETTINGS: Final = Words(
    r"\b(?:manage|customi[sz]e|more|show|set|cookie|privacy) (?:my |your )?"
    r"(?:cookies?|preferences|options|settings|choices|purposes)",
    r"\bpreferences\b",
    r"\blearn more\b",
    r"\bpartners\b",
    r"\beinstellungen\b",
    r"\bmehr (?:optionen|informationen)\b",
    r"\bparam[eé]tr",
    r"\bpersonnaliser\b",
    r"\bconfigurar\b|\bconfiguraci[oó]n\b|\bpersonalizar\b|\bgestionar\b",
    r"\bpersonalizza\b|\bimpostazioni\b|\bgestisci\b",
    r"\binstellingen\b|\bustawienia\b",
    r"настро",
)
# "Or take out a subscription": what pages that sell either offer.
SUBSCRIBE: Final = Words(
    r"\bsubscri(?:be|ption)",
    r"\bpay\b",
    r"\bad[- ]?free\b",
    r"\bwerbefrei",
    r"\babo\b|\babonn",
    r"\bpur[- ]?abo",
    r"\bsuscr[ií]b",
    r"\babbona",
    r"\bassinar?\b",
    r"без рекламы",
)
CONSENT: Final = Words(
    r"\bcookies?\b",
    r"\bconsent\b",
    r"\bgdpr\b|\bdsgvo\b|\brgpd\b|\brodo\b|\bavg\b|\bccpa\b|\blgpd\b",
    r"\b(?:einwilligung|zustimmung)\b",
    r"\bconsentement\b",
    r"\bconsentimiento\b|\bconsentimento\b|\bconsenso\b",
    r"\bvotre vie priv[eé]e",
    r"\byour privacy\b|\byour (?:personal )?data\b",
    r"\bprivatsph[aä]re\b|\bdatenschutz\b",
    r"\bprivacidad\b|\bprivacidade\b",
    r"\btoestemming\b",
    r"\bciastecz",
    r"\bsamtycke\b|\bsamtykke\b|\bevästee",
    r"куки|персональн\w+ данн",
    r"クッキー|プライバシー|隐私|쿠키",
)
# What it is for: advertisers and their devices, not what a shop says of its parcels.
PURPOSES: Final = Words(
    r"\b(?:our|\d+|third[- ]party) (?:\w+ )?partners\b",
    r"\bpersonali[sz]ed (?:ads|advertising|content)\b",
    r"\bstore and/or access\b|\baccess information on a device\b",
    r"\bmeasur(?:e|ement)\b",
    r"\btracking\b",
    r"\blegitimate interest",
    r"\bbefore you continue\b",
    r"\bcookies? (?:and|or|&) ",
    r"\b(?:we|us) (?:\w+ ){0,4}(?:use|uses|set|value|store)",
    r"\bpartnern?\b|\bwir (?:\w+ ){0,6}verwenden\b|\bpersonalisierte|\bbevor sie fortfahren|\bspeichern\b",
    r"\bpartenaires\b|\bnous (?:\w+ ){0,4}utilisons\b|\bpersonnalis[eé]|\bavant d\Wacc[eé]der"
    r"|\bavant de continuer",
    r"\bsocios\b|\butiliza(?:mos|n)?\b|\bpersonalizad|\bantes de (?:ir|continuar)",
    r"\butilizziamo\b|\bpersonalizzat|\bprima di continuare",
    r"\bgebruiken\b|\bvoordat je verdergaat",
    r"\bu[zż]ywamy\b|\bpartner[oó]w\b",
    r"используем",
)
ADVERTISING: Final = Words(
    r"\bads?\b|\badverti[sz]",
    r"\bwerbung\b|\bwerbefrei|\bpur[- ]?abo",
    r"\bpublicit[eé]|\bpublicidad|\bpublicidade|\bpubblicit[aà]",
    r"\badvertenties\b|\breklam",
    r"реклам|広告|广告|광고",
)
CONSENT_NAME: Final = Words(
    r"cookie|consent|gdpr|ccpa|(?:^|[-_ ])cmp|onetrust|didomi|usercentrics|truste|trustarc|sp_message"
    r"|privacy-mgmt|sourcepoint|quantcast|qc-cmp|iubenda|klaro|cybot|borlabs|osano|axeptio|tarteaucitron"
    r"|fundingchoices|fc-consent|complianz|cky-|termly"
    r"|privacy-?(?:wall|manager|banner|modal|dialog|notice)",
)
CONSENT_PLACE: Final = Words(
    r"(?:^|[./_-])(?:consent|collect-?consent|cookie-?(?:wall|consent|choice|gate|settings|preferences)s?|privacy-?(?:wall|gate"
    r"|consent|settings"
    r"|gateway)|privacygate|gdpr|dsgvo|cmp|guce|zustimmung|einwilligung|consentement|pur)(?:$|[./_?-])",
)

# -- challenges -----------------------------------------------------------------

# Said by nothing but a check on the visitor.
HUMAN: Final = Words(
    r"\bverify(?:ing)? (?:that )?you(?:\W| a)re (?:a |not a )?(?:human|robot|bot)",
    r"\bverify (?:that )?(?:you are|you're|your) human",
    r"\b(?:confirm|prove|make sure|ensure|check(?:ing)?)\b.{0,20}\byou(?:\W| a)re (?:a |not a )?"
    r"(?:human|real|robot|bot|person)",
    r"\bare you (?:a )?(?:human|robot|bot)\b",
    r"\bi(?:\W| a)m (?:not a robot|(?:a )?human)\b",
    r"\bnot a (?:ro)?bot\b",
    r"\bhuman verification\b",
    r"\bbot (?:check|detection|protection)\b",
    r"\bcheck(?:ing)? (?:if the site connection is secure|your browser)\b",
    r"\bmaking sure you(?:\W| a)re\b",
    r"\bunusual (?:traffic|activity)\b",
    r"\bautomated (?:queries|requests|access|traffic)\b",
    r"\bpress (?:&|and|&amp;) hold\b",
    r"\b(?:security|robot|captcha) (?:check|challenge|verification)\b",
    r"\bperforming security verification\b",
    r"\b(?:type|enter|solve)\b.{0,20}\b(?:characters|captcha|puzzle)\b",
    r"\bkein roboter\b|\bein mensch\b|\bmensch sind\b|\bbrowser wird (?:\w+ )?überprüft"
    r"|\bungewöhnliche[nr]? (?:datenverkehr|aktivit)"
    r"|\bsicherheits(?:überprüfung|prüfung|abfrage)\b|\bgedrückt halten\b",
    r"\bpas un robot\b|\bêtes (?:bien )?(?:un |une )?(?:humain|personne)"
    r"|\bv[eé]rification de s[eé]curit[eé]|\btrafic (?:exceptionnel|inhabituel)"
    r"|\bv[eé]rif\w+ (?:de )?votre navigateur|\bmaint\w+ enfonc|\bappuyez et maintenez",
    r"\bno (?:soy|eres|es) un robot\b|\bser humano\b|\beres (?:un )?humano\b|\btr[aá]fico inusual"
    r"|\bverifica\w* (?:que|tu|su) (?:eres|es|navegador)"
    r"|\bverificaci[oó]n de seguridad|\bmant[eé]n\w* presionado|\bcomprobando (?:tu|su) navegador",
    r"\bnon sono un robot\b|\btraffico (?:insolito|anomalo)|\bverifica di sicurezza|\bessere umano\b",
    r"\bn[aã]o sou um rob[oô]\b|\bhumano\b|\btr[aá]fego incomum",
    r"\bgeen robot\b|\been mens\b|\bongebruikelijk verkeer",
    r"\bnie jeste[sś] robotem|\bczłowiekiem\b|\bnietypowy ruch",
    r"не робот|вы человек|необычн\w+ (?:трафик|активн)|проверк\w+ браузера|подтвердите, что",
    r"ロボットではありません|私はロボット|人間であること|通常と異なるトラフィック|セキュリティ チェック",
    r"不是机器人|不是機器人|真人|异常流量|安全验证|人机验证",
    r"로봇이 아닙|사람인지 확인|보안 확인",
)
# Said by a check, and by ordinary pages too.
WAIT: Final = Words(
    r"\bjust a moment\b",
    r"\bone moment,? please\b",
    r"\bplease wait\b",
    r"\battention required\b",
    r"\bddos[- ]?(?:guard|protection)\b",
    r"\baccess (?:to this page has been )?denied\b",
    r"\bpardon our interruption\b",
    r"\bnur einen moment\b|\beinen moment bitte\b",
    r"\bun instant\b|\bun moment\b|\bveuillez patienter\b",
    r"\bun momento\b|\bespere?\b",
    r"\bum momento\b|\bun attimo\b",
    r"\been ogenblik\b|\bchwileczk|\bett ögonblick|\bet øjeblik",
    r"подождите|один момент|минутку",
    r"しばらくお待ち|请稍候|잠시만",
)
BLOCKED: Final = Words(
    r"\byou have been blocked\b",
    r"\bhas been blocked\b|\bwas blocked\b|\brequest blocked\b",
    r"\bunable to access\b",
    r"\baccess (?:to this page has been )?denied\b",
    r"\bbanned\b|\brate limited\b",
    r"\bincident id\b|\bsupport id\b",
)

# -- waiting --------------------------------------------------------------------

_LOADING: Final = (
    r"(?:(?:now |still )?loading|please wait|one moment|wird geladen|l[aä]dt|laden|bitte warten"
    r"|chargement|veuillez patienter|cargando|espere|caricamento|attendere|carregando|a carregar"
    r"|bezig met laden"
    r"|[lł]adowanie|wczytywanie|laddar|laster|indlæser|ladataan|na[cč][ií]t[aá]|yükleniyor|загрузка|загружа\w*"
    r"|завантаження|読み込み中|ロード中|加载中|載入中|로딩 ?중?|불러오는 ?중?)"
)
# The whole of a text: the words alone, what is loaded with an ellipsis, or what every
# application loads. "Loading dock 4" and "please wait for me" are prose.
LOADING: Final = Words(
    rf"^\W*{_LOADING}(?:[\W\d]+{_LOADING})*[\W\d]*$"
    rf"|^\W*{_LOADING}\b.{{0,60}}(?:…|\.\.\.)\W*$"
    r"|^\W*loading (?:your|data|content|page|the (?:page|app)|app|application)\b[\w ]{0,30}\W*$"
    r"|^\W*please wait while\b.{0,60}\b(?:load|prepar|fetch|start|get)\w*\b.{0,30}$"
    r"|^\W*(?:die |ihre )?(?:seite|daten|inhalte?|anwendung) (?:wird|werden) geladen\W*$",
)
NEEDS_SCRIPT: Final = Words(r"java\s?-?script|ecmascript|джаваскрипт|脚本")
