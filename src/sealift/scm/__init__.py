"""Source control: git read through its command line, and what a CI system says about the commit it runs on."""
