"""The forms in which people bring data: a module each, told apart by what a folder holds, brought to one."""
