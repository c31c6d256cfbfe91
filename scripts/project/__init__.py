"""The ground of the others: paths, commands, processes, addresses, keys, configuration.

Programs import it as `thumbsmith.project`, a link to this folder, so that the wheel holds it.
"""
