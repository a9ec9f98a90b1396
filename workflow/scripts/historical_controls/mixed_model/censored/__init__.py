"""What do values beyond an assay's limit say? The censored likelihood."""
