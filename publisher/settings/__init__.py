"""Settings of a workspace: publisher.toml, secrets.toml and the environment, in rising order."""
