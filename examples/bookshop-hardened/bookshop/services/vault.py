"""Addresses are encrypted before they are stored."""

from cryptography.fernet import Fernet

from .. import settings

CIPHER = Fernet(settings.VAULT_KEY)


def seal(text):
    return CIPHER.encrypt(text.encode()).decode()


def unseal(sealed):
    return CIPHER.decrypt(sealed.encode()).decode()
