"""One CloudFormation stack brought to a template: from looking what it is to saying why it failed."""
