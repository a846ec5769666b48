"""SCIM 2.0 targets: `open_target` (target.py) gives one from `ScimSettings` (settings.py).

A change goes through these files: requests.py words it in a dialect (dialects.py, patch.py, members.py), update.py,
creation.py and membership.py carry it out (all on sending.py), client.py speaks HTTP. Reading: finding.py, paging.py.
What a product wants: profile.py, from the TOML files in profiles/. What was learned of a target: knowledge.py.
"""
