"""Runs linters and test suites over an application: the ports Analyzer and Tester."""
