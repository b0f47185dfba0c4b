"""What a reference is: rules, shapes, identities, links. Nothing about mail protocols here."""
