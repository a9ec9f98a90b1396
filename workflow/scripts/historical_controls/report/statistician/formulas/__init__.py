"""How are the equations of docs/methods.md set as mathematics?"""
