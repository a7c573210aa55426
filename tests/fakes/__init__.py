"""Hand-written stand-ins for every port: real behaviour in memory, no patching. See CLOUDFORMATION.md for stacks."""
