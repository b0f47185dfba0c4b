"""The bytes of one message: where its parts are, how they are encoded, where they name the network."""
