"""The floor: what Pulumi itself takes for as many nodes, when nothing has to be found out.

constant    the ready outputs, as many as the environment says
dynamic     a dynamic resource that returns them
plugin      a plugin on pulumi.provider.experimental whose function and resource return them
"""
