"""The definition of the data sets as CDISC Define-XML 2.1: variables, types, codes, keys and derivations.

Source: CDISC Define-XML Specification 2.1 on ODM 1.3.2. The data sets have ADaM's shape and claim no conformity with
it: they are declared non-standard, and metadata at the level of single values is left out.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from historical_controls.config.study import Study
from historical_controls.report.exports.standards.analysis_datasets import Dataset, Variable

# The specification asks for a time of creation: a clock would give other bytes on every run.
CREATED = "1980-01-01T00:00:00"
DEFINE_FILE = "define.xml"
ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LONGEST_SAS_NAME = 8
TYPES = {"text": "text", "integer": "integer", "number": "float"}
PREFIXES = {"": ODM, "def": DEF, "xlink": XLINK}


def study_oid(study_id: str) -> str:
    """Return the identifier of a study within its files."""
    return f"STDY.{study_id}"


def metadata_oid(study_id: str) -> str:
    """Return the identifier of the definition of a study's data sets."""
    return f"MDV.{study_id}"


def group_oid(dataset: Dataset) -> str:
    """Return the identifier of a data set, the same in definition and data."""
    return f"IG.{dataset.name}"


def item_oid(dataset: Dataset, variable: Variable) -> str:
    """Return the identifier of a variable, the same in definition and data."""
    return f"IT.{dataset.name}.{variable.name}"


def define_xml(datasets: Iterable[Dataset], study: Study) -> str:
    """Return define.xml as text."""
    root = ET.Element(
        _odm("ODM"),
        {
            "ODMVersion": "1.3.2",
            "FileType": "Snapshot",
            "FileOID": f"{study_oid(study.id)}.define",
            "CreationDateTime": CREATED,
            _def("Context"): "Other",
        },
    )
    parent = ET.SubElement(root, _odm("Study"), {"OID": study_oid(study.id)})
    variables = ET.SubElement(parent, _odm("GlobalVariables"))
    title = study.title.get("en") or next(iter(study.title.values()))
    for name, text in (("StudyName", study.id), ("StudyDescription", title), ("ProtocolName", study.id)):
        ET.SubElement(variables, _odm(name)).text = text
    parent.append(_metadata(list(datasets), study.id))
    for prefix, space in PREFIXES.items():
        ET.register_namespace(prefix, space)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _metadata(datasets: list[Dataset], study_id: str) -> ET.Element:
    version = {
        "OID": metadata_oid(study_id),
        "Name": f"Analysis data sets of {study_id}",
        _def("DefineVersion"): "2.1.0",
    }
    metadata = ET.Element(_odm("MetaDataVersion"), version)
    items = [(dataset, variable) for dataset in datasets for variable in dataset.variables]
    metadata.extend([_group(one) for one in datasets])
    metadata.extend([_item(*one) for one in items])
    metadata.extend([_code_list(*one) for one in items if one[1].codes])
    metadata.extend([_method(*one) for one in items if one[1].derivation])
    return metadata


def _group(dataset: Dataset) -> ET.Element:
    shape, leaf = dataset.shape, f"LF.{dataset.name}"
    group = ET.Element(
        _odm("ItemGroupDef"),
        {
            "OID": group_oid(dataset),
            "Name": dataset.name,
            "Repeating": "Yes" if shape.repeating else "No",
            "IsReferenceData": "No",
            "SASDatasetName": dataset.name,
            "Purpose": "Analysis",
            _def("Structure"): shape.rows,
            _def("ArchiveLocationID"): leaf,
            _def("IsNonStandard"): "Yes",
        },
    )
    group.append(_description(shape.label))
    group.extend([_item_ref(dataset, one, place) for place, one in enumerate(dataset.variables, start=1)])
    kind = ET.SubElement(group, _def("Class"), {"Name": shape.family})
    if shape.subclass:
        ET.SubElement(kind, _def("SubClass"), {"Name": shape.subclass})
    file = f"{dataset.name.lower()}.json"
    place = ET.SubElement(group, _def("leaf"), {"ID": leaf, f"{{{XLINK}}}href": file})
    ET.SubElement(place, _def("title")).text = file
    return group


def _item_ref(dataset: Dataset, variable: Variable, place: int) -> ET.Element:
    attributes = {
        "ItemOID": item_oid(dataset, variable),
        "OrderNumber": str(place),
        "Mandatory": "No" if variable.key is None else "Yes",
    }
    if variable.key is not None:
        attributes["KeySequence"] = str(variable.key)
    if variable.derivation:
        attributes["MethodOID"] = _method_oid(dataset, variable)
    return ET.Element(_odm("ItemRef"), attributes)


def _item(dataset: Dataset, variable: Variable) -> ET.Element:
    attributes = {
        "OID": item_oid(dataset, variable),
        "Name": variable.name,
        "DataType": TYPES[variable.kind],
        "Length": str(variable.length),
    }
    # SAS's transport files have no longer names; a code of a study's dictionary may be one.
    if len(variable.name) <= LONGEST_SAS_NAME:
        attributes["SASFieldName"] = variable.name
    if variable.kind == "number":
        attributes["SignificantDigits"] = str(variable.decimals)
    item = ET.Element(_odm("ItemDef"), attributes)
    item.append(_description(variable.label))
    if variable.codes:
        ET.SubElement(item, _odm("CodeListRef"), {"CodeListOID": _codes_oid(dataset, variable)})
    ET.SubElement(item, _def("Origin"), {"Type": "Derived", "Source": "Sponsor"})
    return item


def _code_list(dataset: Dataset, variable: Variable) -> ET.Element:
    attributes = {
        "OID": _codes_oid(dataset, variable),
        "Name": variable.label,
        "DataType": TYPES[variable.kind],
        _def("IsNonStandard"): "Yes",
    }
    codes = ET.Element(_odm("CodeList"), attributes)
    codes.extend([_code(code, meaning) for code, meaning in variable.codes.items()])
    return codes


def _code(code: str, meaning: str) -> ET.Element:
    if not meaning:
        return ET.Element(_odm("EnumeratedItem"), {"CodedValue": code})
    item = ET.Element(_odm("CodeListItem"), {"CodedValue": code})
    ET.SubElement(item, _odm("Decode")).append(_translated(meaning))
    return item


def _method(dataset: Dataset, variable: Variable) -> ET.Element:
    attributes = {"OID": _method_oid(dataset, variable), "Name": variable.label, "Type": "Computation"}
    method = ET.Element(_odm("MethodDef"), attributes)
    unit = f"; unit: {variable.unit}" if variable.unit else ""
    method.append(_description(f"{variable.derivation}{unit}"))
    return method


def _description(text: str) -> ET.Element:
    said = ET.Element(_odm("Description"))
    said.append(_translated(text))
    return said


def _translated(text: str) -> ET.Element:
    said = ET.Element(_odm("TranslatedText"), {LANG: "en"})
    said.text = text
    return said


def _codes_oid(dataset: Dataset, variable: Variable) -> str:
    return f"CL.{dataset.name}.{variable.name}"


def _method_oid(dataset: Dataset, variable: Variable) -> str:
    return f"MT.{dataset.name}.{variable.name}"


def _odm(name: str) -> str:
    return f"{{{ODM}}}{name}"


def _def(name: str) -> str:
    return f"{{{DEF}}}{name}"
