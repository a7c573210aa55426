"""Values of CloudFormation templates: what is written in them, what they evaluate to. Pure; any layer may ask."""
