"""What Sealift does, one file each, over ports only. Nothing here imports an adapter, prints, or asks for the time.

`stacks/` brings one stack to a template; `proof/` has environments proved.
"""
