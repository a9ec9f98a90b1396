"""Names of what gives oxygen, as wards abbreviate them: prongs, room air, all other devices."""

from __future__ import annotations

import re

from historical_controls.dictionary.folding import fold

PRONGS = frozenset(
    {"cn", "nc", "pn", "cnb", "puntas", "puntas nasales", "canula nasal", "canula", "canulas nasales", "prongs"}
    | {"nasal cannula", "nasal cannulae", "nasal prongs", "cannula", "gafas nasales", "lentillas nasales"}
    | {"cateter nasal", "cateter", "canula nasal simples", "oculos nasais", "lunettes", "nasenbrille"}
)
AIR = frozenset(
    {"aa", "a a", "ra", "r a", "aire", "aire ambiente", "al aire", "al aire ambiente", "ar ambiente", "room air"}
    | {"ambient air", "air ambiant", "raumluft", "aria ambiente", "medio ambiente", "sin oxigeno", "no oxygen"}
)
OTHERS = frozenset(
    {"mr", "mnr", "nrb", "nrm", "nrbm", "non rebreather", "nonrebreather", "reservorio", "reservoir", "venturi", "vm"}
    | {"vmk", "vk", "vmask", "ventimask", "ventury", "hfnc", "hfno", "hfnp", "pnaf", "cnaf", "caf", "oaf", "tnaf"}
    | {"gnaf", "alto flujo", "alto fluxo", "high flow", "optiflow", "mascarilla", "mascara", "mask", "fm", "ms", "sm"}
    | {"bipap", "cpap", "niv", "vni", "vmni", "vmi", "imv", "iot", "tot", "ett", "tubo en t", "t piece"}
)


def kind_of(text: str) -> str | None:
    """'prongs', 'air' or 'other'; None of a text that names no device."""
    folded = fold(text)
    if folded in PRONGS:
        return "prongs"
    if folded in AIR:
        return "air"
    # 'Cánula nasal de alto flujo' begins as prongs do; 'Máscara de Venturi' names what it is anywhere.
    padded = f" {folded} "
    return "other" if any(re.search(rf" {re.escape(word)} ", padded) for word in OTHERS) else None
