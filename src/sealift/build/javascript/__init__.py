"""Node.js packages: what npm installs, and what esbuild bundles."""
