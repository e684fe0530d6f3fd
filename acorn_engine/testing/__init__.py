"""Contract suites for plugin authors: inherit one, name your plugin, and pytest does the rest.

```python
from acorn_engine.testing import PluginContract

import my_plugin


class TestMyPlugin(PluginContract):
    plugin = my_plugin
```
"""

from acorn_engine.testing.marketplace import MarketplaceContract
from acorn_engine.testing.offers import SAMPLE_SITES, sample_offers
from acorn_engine.testing.plugin import PluginContract

__all__ = ["SAMPLE_SITES", "MarketplaceContract", "PluginContract", "sample_offers"]
