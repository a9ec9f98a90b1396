"""Do the declared analyses keep their promise? The one room that calls the stages one after the other, in memory."""
