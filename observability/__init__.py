"""What is watched, as pure functions of the catalog: no Pulumi, no network."""
