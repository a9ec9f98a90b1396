"""Numbers that are results by a declared cut-off, such as the cycle threshold of a PCR."""

from __future__ import annotations

import pandas as pd

from historical_controls.config.sources.sources import SourceFile


def by_cut_offs(records: pd.DataFrame, file: SourceFile) -> pd.DataFrame:
    """Return records (code, meaning, finding, operator, number) with the findings that cut-offs give.

    A declared code wins. '<15' is below every cut-off from 15 on, '>40' above every one up to 40; a limit that leaves
    both sides open gives no finding, and neither does a range.
    """
    finding = records["finding"]
    for code, cut in file.cut_offs.items():
        own = (records["code"] == code) & records["meaning"].isna() & (records["problem"] == "")
        number, operator = records["number"], records["operator"]
        low = own & operator.isin(["", "<"]) & (number <= cut.number)
        high = own & (((operator == "") & (number > cut.number)) | ((operator == ">") & (number >= cut.number)))
        finding = finding.mask(low, cut.up_to).mask(high, cut.above)
    return records.assign(finding=finding)
