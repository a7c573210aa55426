"""Previews: one environment per pull request, brought, listed, destroyed and swept."""
