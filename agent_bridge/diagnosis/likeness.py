"""How alike two names or two texts are, as a person would see it.

Letters alone do not tell: ``product-title`` and ``page-title`` share most of them
and mean two things, ``submit-btn`` and ``buttonSubmit`` share few and mean one.
So names are compared word by word, and letters only decide whether a word is a
misspelling of another.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA

from agent_bridge.diagnosis import words

# Longer names are generated, longer texts are prose.
MAX_NAME: Final = 80
MAX_TEXT: Final = 100
_MAX_WORDS: Final = 10

EXACT: Final = 1.0
_SAME_WORDS: Final = 0.96
_SAME_WORD: Final = 0.93
_ABBREVIATED: Final = 0.92
_SYNONYM: Final = 0.8

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+")
_SEGMENT = re.compile(r"[^_-]+")
_TEXT_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[€$£%#+]")  # noqa: RUF001 -- apostrophes as pages write them
# Button_primary__x7Hs2 of webpack's CSS modules, _card_1x2y3_12 of Vite's.
_BUILT = re.compile(r"([A-Z]\w*_[\w-]+)__[\w-]{5}|_([A-Za-z][\w-]*)_[a-z0-9]{5}_\d+")
_BARE = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th"})
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"})
# What styled-components, Emotion and JSS put before a hash.
_BUILD_PREFIXES = frozenset({"css", "sc", "jss", "makeStyles", "svelte", "emotion", "jsx", "tw"})
_WORD_WITH_NUMBER = re.compile(r"[A-Za-z]{1,12}\d{1,4}|\d{1,4}[A-Za-z]{0,3}")


@lru_cache(maxsize=20_000)
def name_likeness(wanted: str, there: str) -> float:
    """How likely *wanted* was meant to be *there*: ids, classes, attribute values.

    Returns:
        1 for the same, above 0.7 for a misspelling or another style of the same
        name, 0 for what only looks alike.
    """
    if wanted == there:
        return EXACT
    if len(wanted) > MAX_NAME or len(there) > MAX_NAME or not there:
        return 0.0
    if wanted.lower() == there.lower():
        return _SAME_WORDS
    mine, theirs = words_of(wanted), words_of(there)
    if not mine or not theirs:
        return 0.0
    return _alike(mine, theirs, weights=_name_weight)


@lru_cache(maxsize=5_000)
def text_likeness(wanted: str, there: str) -> float:
    """How likely the text *wanted* was meant to be the whole text *there*."""
    if wanted == there:
        return EXACT
    if len(wanted) > MAX_TEXT or len(there) > MAX_TEXT:
        return 0.0
    mine = _phrases(tuple(_TEXT_WORD.findall(wanted.lower()))[:_MAX_WORDS])
    theirs = _phrases(tuple(_TEXT_WORD.findall(there.lower()))[:_MAX_WORDS])
    if not mine or not theirs:
        return 0.0
    return _alike(mine, theirs, weights=_text_weight)


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in camel, kebab, snake or BEM case, without build hashes."""
    if build := _BUILT.fullmatch(name):
        name = build[1] or build[2]
    segments = _without_made_beginning(_SEGMENT.findall(name))
    if len(segments) > 1 and is_hash(segments[-1]):
        segments.pop()
        if len(segments) > 1 and is_hash(segments[-1]):
            segments.pop()
    if len(segments) == 1 and (is_hash(segments[0]) or segments[0] in _BUILD_PREFIXES):
        return (name,)
    found = tuple(word.lower() for segment in segments for word in _WORD.findall(segment))
    return _phrases(found[:_MAX_WORDS])


@lru_cache(maxsize=20_000)
def is_hash(segment: str) -> bool:
    """Whether a part of a name was made by a build tool."""
    if len(segment) < 4 or _WORD_WITH_NUMBER.fullmatch(segment):
        return False
    pieces = _WORD.findall(segment)
    if any(piece.lower() in words.KNOWN and len(piece) > 3 for piece in pieces):
        return False
    digits = sum(character.isdigit() for character in segment)
    if digits and digits < len(segment):
        return True
    # Capitals in places where no word begins: bdVaJa, kQzTn.
    return len(pieces) > 1 and len(segment) <= 8 and all(len(piece) <= 2 for piece in pieces)


def _without_made_beginning(segments: list[str]) -> list[str]:
    """Drop what Emotion puts before a label: css-1x7h2k-MuiButton-root."""
    if len(segments) > 2 and segments[0] in _BUILD_PREFIXES and is_hash(segments[1]):
        return segments[2:]
    return segments


def is_made(name: str) -> bool:
    """Whether a class is a build tool's altogether: css-1l8j5ab, sc-bdVaJa, jss42."""
    prefix, _, rest = name.partition("-")
    return prefix in _BUILD_PREFIXES and is_hash(rest)


def _phrases(found: tuple[str, ...]) -> tuple[str, ...]:
    joined: list[str] = []
    for word in found:
        if joined and (phrase := words.PHRASES.get((joined[-1], word))):
            joined[-1] = phrase
        else:
            joined.append(words.JOINED.get(word, word))
    return tuple(joined)


def _name_weight(word: str) -> float:
    return 0.3 if word in words.GENERIC or word.isdigit() or len(word) <= 2 else 1.0


def _text_weight(word: str) -> float:
    return 0.25 if word in words.STOP_WORDS else 1.0


@dataclass(slots=True)
class _Pairs:
    """Which word of the one stands for which of the other."""

    mine: list[str]
    theirs: list[str]
    pairs: list[tuple[str, str, float]]


def _alike(mine: tuple[str, ...], theirs: tuple[str, ...], *, weights: object) -> float:
    weight = _name_weight if weights is _name_weight else _text_weight
    if mine == theirs:
        return _SAME_WORDS
    if "".join(mine) == "".join(theirs):
        return _SAME_WORDS - 0.01
    if _numbers_differ(mine, theirs):
        return 0.0
    paired = _pair(mine, theirs)
    by_words = _by_words(paired, mine, theirs, weight)
    return max(by_words, _by_letters(paired, mine, theirs))


def _numbers_differ(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Row 17 is not a misspelling of row 18; a number may only be there or not."""
    ours = sorted(word for word in mine if word.isdigit())
    others = sorted(word for word in theirs if word.isdigit())
    if words.GENERATORS & set(mine) & set(theirs):
        return False  # the number is another each time that the page is made
    return bool(ours) and ours != others and bool(others)


def _pair(mine: tuple[str, ...], theirs: tuple[str, ...]) -> _Pairs:
    left, right = list(mine), list(theirs)
    pairs: list[tuple[str, str, float]] = []
    every = sorted(
        (
            (likeness, one, other)
            for one in set(mine)
            for other in set(theirs)
            if (likeness := word_likeness(one, other)) > 0
        ),
        reverse=True,
    )
    for likeness, one, other in every:
        while one in left and other in right:
            left.remove(one)
            right.remove(other)
            pairs.append((one, other, likeness))
    return _Pairs(left, right, pairs)


def _by_words(paired: _Pairs, mine: tuple[str, ...], theirs: tuple[str, ...], weight: object) -> float:
    weigh = _name_weight if weight is _name_weight else _text_weight
    if not paired.pairs:
        return 0.0
    matched = sum(max(weigh(one), weigh(other)) * likeness for one, other, likeness in paired.pairs)
    whole = sum(max(weigh(one), weigh(other)) for one, other, _ in paired.pairs)
    quality = matched / whole
    says_something = any(weigh(one) >= 1 or weigh(other) >= 1 for one, other, _ in paired.pairs)
    worst = min(likeness for _, _, likeness in paired.pairs)
    if not paired.mine and not paired.theirs:
        # The same words, some misspelt, or in another order.
        if not says_something and (worst == _SYNONYM or (worst == _ABBREVIATED and len(mine) == 1)):
            return 0.0  # other words, and words that say nothing
        moved = 0.0 if _in_order(paired, mine, theirs) else 0.05
        return quality - 0.02 - moved - 0.5 * (1 - worst)
    if any(word in words.NEGATIONS for word in (*paired.mine, *paired.theirs)):
        return 0.0
    if not says_something:
        if len(paired.pairs) > 1 and worst == EXACT and all(_is_harmless(word) for word in paired.mine):
            return 0.0 if paired.theirs else 0.8
        return 0.0  # alike in words that say nothing
    if paired.mine and paired.theirs:
        return _swapped(paired, quality, whole, weigh is _name_weight)
    if weigh is _name_weight:
        if worst < _SAME_WORD and len(mine) == 1:
            return 0.0
        extra, longer = (paired.theirs, theirs) if paired.theirs else (paired.mine, mine)
        return _longer_name(extra, longer, quality, whole, longer_is_wanted=not paired.theirs)
    return _longer_text(paired, quality, whole)


def _swapped(paired: _Pairs, quality: float, whole: float, is_name: bool) -> float:
    """Some words are gone and others have come: harmless only when none of them says much."""
    both = (*paired.mine, *paired.theirs)
    if is_name:
        harmless = all(word in words.MODIFIERS or len(word) == 1 or word.isdigit() for word in both)
    else:
        harmless = all(word in words.STOP_WORDS for word in both)
    if not harmless:
        return 0.0
    return 0.86 * quality * whole / (whole + 0.1 * len(both))


def _longer_name(
    extra: list[str], longer: tuple[str, ...], quality: float, whole: float, *, longer_is_wanted: bool
) -> float:
    """One has all the words of the other, and more."""
    if any(len(word) > 1 and word.isdigit() for word in extra) and longer_is_wanted:
        return 0.0  # one of many, and that one is not there
    # ProductGrid_grid of CSS modules says twice what it is.
    said_twice = {word for word in extra if longer.count(word) > extra.count(word)}
    redundant = {word for pair in pairwise(longer) if pair in words.REDUNDANT for word in pair[1:]}
    cost = 0.0
    for word in extra:
        harmless = _is_harmless(word) or word in said_twice
        cost += 0.15 if harmless else 0.5 if word in redundant else 1.0
    if longer[-1] in extra and longer[-1] not in said_twice | redundant and not _is_harmless(longer[-1]):
        # The last word says what it is: a price filter is no price.
        cost += 1.5
    if cost >= 1 and quality < _SAME_WORD:
        return 0.0
    return quality * (0.5 + 0.45 * whole / (whole + cost))


def _longer_text(paired: _Pairs, quality: float, whole: float) -> float:
    if any(len(word) > 1 and word not in words.STOP_WORDS for word in paired.mine):
        return 0.0  # what was asked for is not there
    if paired.mine and len(paired.pairs) == 1:
        return 0.0
    cost = sum(0.15 if len(word) == 1 or word in words.STOP_WORDS else 1.0 for word in paired.theirs)
    cost += 0.15 * len(paired.mine)
    return quality * (0.5 + 0.45 * whole / (whole + cost))


def _is_harmless(word: str) -> bool:
    return word in words.MODIFIERS or word.isdigit() or len(word) == 1


def _in_order(paired: _Pairs, mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    counterparts = {one: other for one, other, _ in paired.pairs}
    places = [theirs.index(counterparts[word]) for word in mine if word in counterparts]
    return places == sorted(places)


def _by_letters(paired: _Pairs, mine: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    one, other = "".join(mine), "".join(theirs)
    likeness = spelling_likeness(one, other)
    if not likeness:
        return 0.0
    one_sided = bool(paired.mine) != bool(paired.theirs)
    more = any(len(word) > 1 for word in (*paired.mine, *paired.theirs))
    if paired.pairs and one_sided and more and OSA.distance(one, other, score_cutoff=1) > 1:
        return 0.0  # whole words more or less: letters have nothing to add
    left = [word for word in paired.mine if word in words.KNOWN]
    right = [word for word in paired.theirs if word in words.KNOWN]
    if left and right:
        # Two real words: only a slip inside a longer name that is right otherwise.
        is_slip = OSA.distance(one, other) == 1 and len(one) >= 8
        is_slip = is_slip and (left[0][0] == right[0][0] or len(paired.pairs) > 1)
        return likeness - 0.12 if is_slip and paired.pairs else 0.0
    return likeness - 0.02


@lru_cache(maxsize=50_000)
def word_likeness(one: str, other: str) -> float:
    """How alike two words are: 0 when they are two words."""
    if one == other:
        return EXACT
    if one.isdigit() or other.isdigit():
        return 0.0
    if _stem(one) == _stem(other) or _plain_forms(one) & _plain_forms(other):
        return _SAME_WORD
    if frozenset((one, other)) in words.ABBREVIATIONS:
        return _ABBREVIATED
    if other in words.SYNONYMS.get(one, ()):
        return _SYNONYM
    if one in words.KNOWN and other in words.KNOWN:
        return 0.0
    short, long = sorted((one, other), key=len)
    if (
        len(short) >= 3
        and long.startswith(short)
        and len(long) - len(short) >= 2
        and short not in words.KNOWN
    ):
        return 0.84  # prod, categ
    return spelling_likeness(one, other)


@lru_cache(maxsize=50_000)
def spelling_likeness(one: str, other: str) -> float:
    """How likely the one is the other with slips of the keyboard; 0 when it is not."""
    longest = max(len(one), len(other))
    if longest < 4:
        return 0.76 if len(one) == len(other) and sorted(one) == sorted(other) and longest == 3 else 0.0
    allowed = 1 if longest < 7 else 2 if longest < 12 else 3
    distance = OSA.distance(one, other, score_cutoff=allowed)
    if distance > allowed:
        return 0.0
    likeness = 1 - 0.85 * distance / longest
    return likeness if one[0] == other[0] or distance == 1 else likeness - 0.06


@lru_cache(maxsize=20_000)
def _plain_forms(word: str) -> frozenset[str]:
    """Return how *word* is written without the letters that ASCII lacks: größe as grosse, groesse."""
    if word.isascii():
        return frozenset({word})
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return frozenset({bare.translate(_BARE), word.translate(_SPELT_OUT)})


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word
