"""How long Amazon's secrets are good for."""

from __future__ import annotations

from typing import Final

SECRET_DAYS: Final = {"refresh_token": 365, "client_secret": 180}
"""Days by secret, from the day it was issued.

A seller must authorise a public application again every 365 days (Amazon's page "Renew authorizations"), which gives a
new refresh token. A client secret must be rotated every 180 days, or every call fails (Amazon's page "Rotating your
application's client credentials"); refresh tokens belong to the client id and outlive it.
"""
