"""Try before trusting: rules over recordings (`passerby replay`), and an exercise through a running site (`passerby drill`)."""
