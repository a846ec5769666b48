"""A local Okta organisation for the demo, the tests and the benchmarks.

`directory = OktaDirectory(seed=1)`, `generate(directory, users=1000)`, `directory.access.add_api_token("…")`, then
`serve({"okta": okta_app(directory)})`.
"""

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.generate import Summary, generate
from connectors.sandbox.okta.options import Options
from connectors.sandbox.okta.service import okta_app

__all__ = ["OktaDirectory", "Options", "Summary", "generate", "okta_app"]
