"""Columns that identify people: dropped while reading, stored nowhere."""

from __future__ import annotations

import re

from historical_controls.config.sources.redcap import RedcapDictionary
from historical_controls.config.sources.sources import SourceFile
from historical_controls.dictionary.folding import fold
from historical_controls.intake.headings import repeated

# Of folded names. Dates of birth identify as well; the age at admission is asked for instead.
IDENTIFYING = re.compile(
    r"\b(?:nombres?|apellidos?|apellido (?:paterno|materno)|name|names|surname|(?:first|last|middle|full|patient)name"
    r"|curp|rfc|nss|no imss|numero de seguridad social|ssn|social security(?: number)?|ine|pasaporte|passport"
    r"|tel|telefonos?|celular|movil|phone|telephone|mobile|fax|whatsapp"
    r"|correo|correo electronico|e ?mail|mail|domicilio|direccion|address|street|calle|colonia"
    r"|codigo postal|zip(?: code)?|post ?code"
    r"|fecha(?: de)? nac|f nac|nacimiento|dob|date of birth|birth ?date"
    r"|nomes?|sobrenome|apelido|cpf|cartao sus|telefone|endereco|cep|bairro|(?:data(?: de)? )?nasc(?:imento)?"
    r"|nom|noms|prenoms?|nom de famille|courriel|adresse|code postal|naissance|ddn"
    r"|nachname|vorname|familienname|strasse|wohnort|plz|geburtsdatum|geb(?:urts)? ?dat(?:um)?|telefon|handy"
    r"|cognome|codice fiscale|indirizzo|nascita"
    r"|iniciais|iniciales|initials|initiales|initialen|iniziali"
    r"|naam|namen|(?:voor|achter|familie|patient)naam|voornamen|bsn|burgerservicenummer|rijksregisternummer|insz|niss"
    r"|adres|straat|woonplaats|postcode|huisarts|telefoonnummer|geboorte(?:datum|dag|jaar)?"
    r"|namn|(?:for|efter)namn|personnummer|personnr|pnr|samordningsnummer|hemadress|gatuadress|postnummer|postnr"
    r"|navn|(?:for|efter|etter)navn|cpr(?: ?(?:nr|nummer))?|fodselsnummer|fnr|adresse|fodelse(?:datum|dag)"
    r"|f[oø]dsels?(?:dato|dag)|nhs (?:number|no|num)|chi (?:number|no)|h\+c number|medicare (?:number|no)|aadhaar"
    r"|next of kin|gp (?:name|address|practice)|forename|given name"
    r"|familiar responsable|contacto)\b"
)
# 'Nombre del estudio' names a test, 'name of drug' a drug: nobody.
OF_THINGS = re.compile(
    r"\b(?:nombre|name|nome|nom)\b.*\b(?:exames?|medicamento|analyse|examen|medicament|unite|farmaci|esame"
    r"|unidade|etude|hopital|estudios?|analito|prueba|examen|medicamento|farmaco|hospital|unidad|servicio"
    r"|test|analyte|drug|unit|study|variable|laboratorio|equipo|setor|servico|departamento|geneesmiddel|onderzoek|bepaling|afdeling|lakemedel|analys|avdelning|laegemiddel)\b"
    r"|\b(?:estudio|study|analito|prueba|test|analyte|drug|instrument|event|exame|analyse)\b.*\b(?:nombre|name|nome|nom)\b"
    r"|\b(?:component|proc(?:edure)?|order|med(?:ication)?|meas(?:urement)?|flowsheet|dept|department|ward|specimen)\b"
    r" (?:display )?name\b"
)


def private_columns(header: list[str], read: list[str], file: SourceFile, redcap: RedcapDictionary | None) -> list[str]:
    """Columns to drop: those declared private, and of those that no part reads, what names a person by its heading
    or is marked as an identifier in the data dictionary.
    """
    marked = redcap.identifiers() if redcap else set()
    # What a part reads is needed, whatever its heading looks like; a column that nobody needs is dropped on suspicion.
    found = [name for name in header if name not in read and (name in marked or identifies(name))]
    several = [other for name in file.private_columns for other in repeated(name, header)]
    return list(dict.fromkeys([*file.private_columns, *several, *found]))


def identifies(name: str) -> bool:
    """Whether a heading says that its column names, numbers or locates a person."""
    plain = fold(name)
    return IDENTIFYING.search(plain) is not None and OF_THINGS.search(plain) is None
