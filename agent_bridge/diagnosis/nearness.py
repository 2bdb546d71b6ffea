"""Which elements of a page a selector that matches nothing may have meant.

Everything here is plain: a selector taken apart and a list of elements in,
corrected selectors out, best first. Whether they match is for the browser to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from agent_bridge.diagnosis import selectors
from agent_bridge.diagnosis.likeness import is_made, words_of
from agent_bridge.diagnosis.part_likeness import compare
from agent_bridge.diagnosis.selector_parts import (
    Branch,
    Compound,
    Edit,
    Kind,
    Part,
    Syntax,
    applied,
    dropped,
    escaped,
)
from agent_bridge.diagnosis.subjects import Match, Subject, holds
from agent_bridge.diagnosis.suitability import ACTS, suits
from agent_bridge.diagnosis.words import GENERIC, STATES
from cmdop_browser.exceptions import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent_bridge.diagnosis.selectors import ParsedSelector

# Below this a likeness is nothing to speak of.
NEAR: Final = 0.7
# How many elements of one compound are followed up.
_MAX_ELEMENTS: Final = 12
_MAX_STATIONS: Final = 2


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A selector near the one that matched nothing.

    Attributes:
        selector: What to use instead.
        count: How many elements it matches; 0 until that was counted.
        score: Likeness, 0 to 1.
        why: In what it is alike.
        in_login_form: Whether its element stands in a form that asks for a password.
        is_secret_field: Whether its element holds a secret: a password or a hidden field.
    """

    selector: str
    count: int = 0
    score: float = 0.0
    why: str = ""
    in_login_form: bool = False
    is_secret_field: bool = False

    def counted(self, count: int) -> NearMiss:
        """The near miss with the number of its matches."""
        return replace(self, count=count)

    def candidate(self) -> Candidate:
        """The near miss as errors carry it."""
        return Candidate(self.selector, count=self.count, score=round(self.score, 2), why=self.why)


def near_selectors(selector: str, elements: Sequence[Subject], action: str) -> tuple[NearMiss, ...]:
    """Return corrections of *selector*, best first, not counted yet.

    Args:
        selector: One that matched nothing.
        elements: The elements of the page, in document order.
        action: What was to be done: ``click``, ``fill``, ``dom.text`` and so on.
    """
    parsed = selectors.parse(selector)
    if parsed is None:
        return ()
    ranking = _Ranking(parsed, elements, action)
    for branch in parsed.branches:
        ranking.correct(branch)
    if not ranking.found:
        for branch in parsed.nested:
            ranking.correct(branch)
    return ranking.best()


@dataclass(frozen=True, slots=True)
class _Guess:
    """A compound corrected towards one element."""

    element: int
    score: float
    edits: tuple[Edit, ...]
    why: str


@dataclass(slots=True)
class _Ranking:
    parsed: ParsedSelector
    elements: Sequence[Subject]
    action: str
    found: dict[str, NearMiss] = field(default_factory=dict)
    # Position in the page breaks ties, and fewer changes go first.
    _order: dict[str, tuple[float, int]] = field(default_factory=dict)

    def correct(self, branch: Branch) -> None:
        """Note what *branch* may have meant."""
        matching = [self._matching(compound) for compound in branch]
        wrong = [
            index for index, matches in enumerate(matching) if not matches and _is_testable(branch[index])
        ]
        if not wrong:
            self._restructure(branch, matching)
            return
        if len(wrong) > _MAX_STATIONS:
            return
        guesses = [self._guesses(branch[index], is_target=index == len(branch) - 1) for index in wrong]
        for together in product(*(each[:_MAX_ELEMENTS] if len(wrong) == 1 else each[:3] for each in guesses)):
            target = self._target(branch, matching, dict(zip(wrong, together, strict=True)))
            if target is None:
                continue
            edits = tuple(edit for guess in together for edit in guess.edits)
            # As within one element: two slips are less likely than one.
            score = sum(guess.score for guess in together) / len(together) - 0.06 * (len(together) - 1)
            why = ", ".join(dict.fromkeys(guess.why for guess in together))
            self._note(edits, score, why, target)
        if not self.found:
            self._forget_context(branch, matching, wrong)

    def best(self) -> tuple[NearMiss, ...]:
        """Return what was noted, best first."""
        kept = [miss for miss in self.found.values() if miss.score >= NEAR]
        return tuple(sorted(kept, key=lambda miss: self._order[miss.selector]))

    # -- one compound ----------------------------------------------------------

    def _matching(self, compound: Compound) -> frozenset[int]:
        return frozenset(index for index, element in enumerate(self.elements) if _matches(compound, element))

    def _guesses(
        self, compound: Compound, *, is_target: bool, instead_of: frozenset[int] = frozenset()
    ) -> list[_Guess]:
        found: list[_Guess] = []
        for index, element in enumerate(self.elements):
            if index in instead_of:
                continue
            guess = self._guess(compound, index, element)
            if guess is None:
                continue
            fit = self._fit(element) if is_target else 0.0
            if guess.score + fit >= NEAR:
                found.append(replace(guess, score=guess.score + fit))
        found.sort(key=lambda guess: -guess.score)
        seen: dict[tuple[Edit, ...], int] = {}
        kept: list[_Guess] = []
        for guess in found:
            if seen.setdefault(guess.edits, 0) < 4:  # the same correction may fit in one place only
                seen[guess.edits] += 1
                kept.append(guess)
        return kept

    def _guess(self, compound: Compound, index: int, element: Subject) -> _Guess | None:
        if element.id and (edit := _dotted_id(compound, element.id)) is not None:
            return _Guess(index, 0.95, (edit,), "dots in an id are escaped")
        edits: list[Edit] = []
        reasons: list[tuple[float, str]] = []
        whole = total = 0.0
        anchored = named = False
        for part in compound.parts:
            if part.kind is Kind.OTHER:
                continue
            match = None
            if holds(part, element) or not _is_made(part):
                match = compare(self.parsed.source, part, element)
            if match is None:
                match = _dropped(part, compound)
                if match is None:
                    return None
            if match.is_without_meaning:
                named = named or _holds_a_name(compound, element)
                edits.extend([match.edit] if match.edit else [])
                reasons.append((match.likeness, match.why))
                continue
            whole += match.weight
            total += match.weight * match.likeness
            anchored = anchored or (match.is_telling and match.likeness >= NEAR)
            if match.edit is not None:
                edits.append(match.edit)
                reasons.append((match.likeness, match.why))
        anchored = anchored or named
        if not anchored or not whole or not edits:
            return None
        score = total / whole
        # Two things wrong at once are less likely than one.
        score -= 0.06 * (len(edits) - 1)
        if score < NEAR - 0.1:
            return None
        why = ", ".join(dict.fromkeys(why for _, why in reasons if why))
        return _Guess(index, score, tuple(edits), why)

    def _fit(self, element: Subject) -> float:
        """How well the element suits what was to be done with it."""
        fit = 0.0 if element.visible else -0.04
        if self.action not in ACTS:
            return fit
        if suits(element, self.action):
            return fit + 0.03
        # Anything may be made to react to a click; not everything takes text.
        return fit - (0.05 if self.action == "click" else 0.15)

    # -- the whole -----------------------------------------------------------

    def _target(
        self, branch: Branch, matching: list[frozenset[int]], guessed: Mapping[int, _Guess]
    ) -> Subject | None:
        """Return an element that the corrected branch ends at; None when the rest does not fit."""
        last = len(branch) - 1
        sets = [
            frozenset({guessed[index].element}) if index in guessed else matches
            for index, matches in enumerate(matching)
        ]
        for end in sorted(sets[last]) if _is_testable(branch[last]) else sorted(sets[max(guessed)]):
            if self._fits(branch, sets, last, end):
                return self.elements[end]
        return None

    def _fits(self, branch: Branch, sets: list[frozenset[int]], last: int, end: int) -> bool:
        """Whether the elements before stand around *end*, as far as the list of elements tells."""
        above = self._ancestors(end)
        for index in range(last - 1, -1, -1):
            if branch[index + 1].combinator in {"+", "~"} or not _is_testable(branch[index]):
                return True  # the browser knows
            position = next((at for at, ancestor in enumerate(above) if ancestor in sets[index]), None)
            if position is None:
                return False
            above = above[position + 1 :]
        return True

    def _ancestors(self, index: int) -> list[int]:
        found: list[int] = []
        parent = self.elements[index].parent
        while 0 <= parent < len(self.elements) and len(found) < 100:
            found.append(parent)
            parent = self.elements[parent].parent
        return found

    def _restructure(self, branch: Branch, matching: list[frozenset[int]]) -> None:
        """Every part is there, but not together."""
        if len(branch) < 2:
            return
        children = [index for index in range(1, len(branch)) if branch[index].combinator == ">"]
        if children:
            for end in sorted(matching[-1]):
                if self._fits(branch, matching, len(branch) - 1, end):
                    edits = tuple(self._loosened(branch, index) for index in children)
                    self._note(edits, 0.84, "it is not a direct child", self.elements[end])
                    return
        for index, compound in enumerate(branch):
            is_target = index == len(branch) - 1
            for guess in self._guesses(compound, is_target=is_target, instead_of=matching[index])[:6]:
                target = self._target(branch, matching, {index: guess})
                if target is not None:
                    self._note(guess.edits, guess.score - 0.05, guess.why, target)

    def _loosened(self, branch: Branch, index: int) -> Edit:
        start, end = branch[index - 1].end, branch[index].start
        between = self.parsed.source[start:end]
        return (
            Edit(start, end, between.replace(">", " ", 1) if "/" not in between else "//")
            if ("/" not in between)
            else Edit(start, end, "//")
        )

    def _forget_context(self, branch: Branch, matching: list[frozenset[int]], wrong: list[int]) -> None:
        """The element is there, only what it stood in is called something else now."""
        last = len(branch) - 1
        if last in wrong or last == 0 or not matching[last]:
            return
        if len(matching[last]) > 3 or not any(_is_specific(part) for part in branch[last].parts):
            return
        first = max(wrong) + 1
        edits = (Edit(branch[0].start, branch[first].start, ""),)
        target = self.elements[min(matching[last])]
        source = self.parsed.source
        lost = source[branch[wrong[0]].start : branch[wrong[0]].end]
        if "/" not in source[: branch[first].start] and branch[first].combinator in {" ", ">", ">>"}:
            self._note(edits, 0.74, f"there is no {lost[:40]}", target)

    def _note(self, edits: tuple[Edit, ...], score: float, why: str, target: Subject) -> None:
        selector = applied(self.parsed.source, edits)
        if score < NEAR or selector == self.parsed.source:
            return
        if selector in self.found and self.found[selector].score >= score:
            return
        self.found[selector] = NearMiss(
            selector,
            score=min(score, 0.99),
            why=why,
            in_login_form=target.in_login_form,
            is_secret_field=target.is_secret,
        )
        self._order.setdefault(selector, (0.0, len(self._order)))
        self._order[selector] = (-round(score, 3), self._order[selector][1])


def _is_testable(compound: Compound) -> bool:
    return any(part.kind is not Kind.OTHER for part in compound.parts)


def _is_specific(part: Part) -> bool:
    if part.kind is Kind.ID:
        return True
    if part.kind is Kind.ATTRIBUTE:
        return part.name.startswith("data-") or part.name == "id"
    return part.kind is Kind.CLASS and len(_telling_words(part.name)) > 1


def _telling_words(name: str) -> tuple[str, ...]:
    """Return the words of a name that say something."""
    found = words_of(name)
    return found if any(word not in GENERIC for word in found) else ()


def _matches(compound: Compound, element: Subject) -> bool:
    return all(holds(part, element) for part in compound.parts)


def _dotted_id(compound: Compound, wanted: str) -> Edit | None:
    """Return what makes an id of ``#netlib.connect``, which CSS reads as an id and a class."""
    for index, part in enumerate(compound.parts):
        if part.kind is not Kind.ID or "." not in wanted or part.syntax is not Syntax.CSS:
            continue
        name = part.name
        for other in compound.parts[index + 1 :]:
            if other.kind is not Kind.CLASS:
                break
            name += f".{other.name}"
            if name == wanted:
                return Edit(part.start, other.end, f"#{escaped(wanted)}")
    return None


def _is_made(part: Part) -> bool:
    """Whether a class is nothing but what a build tool made."""
    return part.kind is Kind.CLASS and is_made(part.name)


def _holds_a_name(compound: Compound, element: Subject) -> bool:
    """Whether *element* has an id or class of several words that *compound* asks for."""
    named = (part for part in compound.parts if part.kind in {Kind.ID, Kind.CLASS})
    return any(holds(part, element) and len(words_of(part.name)) > 1 for part in named)


def _dropped(part: Part, compound: Compound) -> Match | None:
    """A class too many, when the rest is enough to go by."""
    if part.kind is not Kind.CLASS or len(compound.parts) < 2:
        return None
    if part.name.lower() in STATES or any(part.name.lower().endswith(f"-{state}") for state in STATES):
        return None
    if part.name.startswith(("is-", "has-")):
        return None
    if _is_made(part):
        why = f"{part.name} is made anew by each build"
        return Match(0.9, 0.0, dropped(part, compound), why, is_telling=False, is_without_meaning=True)
    return Match(0.4, 0.6, dropped(part, compound), f"without {part.name}", is_telling=False)


def ranked(misses: Sequence[NearMiss], action: str) -> tuple[NearMiss, ...]:
    """Order *misses*, now that they are counted.

    An act goes to one element: of two that are as near, the one that is alone.
    """
    single = action in ACTS

    def key(miss: NearMiss) -> float:
        return -(round(miss.score, 3) + (0.02 if single and miss.count == 1 else 0.0))

    return tuple(sorted(misses, key=key))


def subjects(rows: Sequence[Mapping[str, Any]]) -> tuple[Subject, ...]:
    """Read what the page said of its elements."""
    return tuple(Subject.parse(row) for row in rows)
