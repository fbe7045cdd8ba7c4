"""Sends what a night came to by webhook and e-mail. All is configured in the environment, and nothing of it is ever printed.

- ``MGLD_BENCH_WEBHOOK``: an incoming webhook of Slack, Mattermost or Discord.
- ``MGLD_BENCH_SMTP``: host:port; ``MGLD_BENCH_MAIL_FROM`` and ``MGLD_BENCH_MAIL_TO`` (addresses, separated by commas);
  ``MGLD_BENCH_SMTP_USER`` and ``MGLD_BENCH_SMTP_PASSWORD`` where the server wants them: then only over TLS.
"""

from __future__ import annotations

import http.client
import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlsplit

WEBHOOK: Final = "MGLD_BENCH_WEBHOOK"
SMTP: Final = "MGLD_BENCH_SMTP"
_TIMEOUT: Final = 20.0
"""Seconds."""
_DISCORD_LIMIT: Final = 2000
"""Characters of a message."""


@dataclass(frozen=True)
class Message:
    """What to send."""

    subject: str
    lines: tuple[str, ...]


def send_messages(message: Message, log: Callable[[str], None], environment: Mapping[str, str] | None = None) -> None:
    """Send it to whatever is configured. What fails is one line to ``log``, without addresses or secrets, and never an error.

    Args:
        message: what to send.
        log: takes one line for the user.
        environment: where the configuration is; default: the environment of this process.
    """
    settings = os.environ if environment is None else environment
    ways = {WEBHOOK: ("webhook", _post), SMTP: ("e-mail", _mail)}
    for variable, (name, send) in ways.items():
        if not settings.get(variable):
            continue
        try:
            send(message, settings)
        except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError, KeyError) as error:
            # The text of an error may hold the address, which is a secret.
            log(f"warning: the message by {name} was not sent: {_reason(error)}; see ${variable}")


def _post(message: Message, settings: Mapping[str, str]) -> None:
    address = settings[WEBHOOK]
    place = urlsplit(address)
    if place.scheme not in ("http", "https"):
        raise ValueError
    text = "\n".join((f"*{message.subject}*", *message.lines))
    # Discord's own form; with /slack at its end, its address takes that of Slack, as Mattermost does.
    discord = "/api/webhooks/" in place.path and not place.path.endswith("/slack")
    body = {"content": text[:_DISCORD_LIMIT]} if discord else {"text": text}
    request = urllib.request.Request(  # noqa: S310 - http and https only, checked above
        address,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "User-Agent": "mgld-bench"},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310 - likewise
        pass


def _mail(message: Message, settings: Mapping[str, str]) -> None:
    host, _, port = settings[SMTP].rpartition(":")
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = settings["MGLD_BENCH_MAIL_FROM"]
    mail["To"] = settings["MGLD_BENCH_MAIL_TO"]
    mail.set_content("\n".join(message.lines) + "\n")
    user, secure = settings.get("MGLD_BENCH_SMTP_USER", ""), ssl.create_default_context()
    if port == "465":
        with smtplib.SMTP_SSL(host, 465, timeout=_TIMEOUT, context=secure) as server:
            if user:
                server.login(user, settings["MGLD_BENCH_SMTP_PASSWORD"])
            server.send_message(mail)
        return
    with smtplib.SMTP(host, int(port), timeout=_TIMEOUT) as server:
        if user:
            # A password never goes over an open line: without TLS this is an error.
            server.starttls(context=secure)
            server.login(user, settings["MGLD_BENCH_SMTP_PASSWORD"])
        server.send_message(mail)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, KeyError):
        return f"${error.args[0]} is not set"
    if isinstance(error, ValueError):
        return "its address is not one"
    return type(error).__name__
