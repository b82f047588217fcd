"""Names of everything."""

ENVIRONMENT = "prod"
CATALOG = ENVIRONMENT
CHAT_ENDPOINT = "acme-chat"
INDEXES = {
    "docs": f"{CATALOG}.support.docs_index",
    "faq": f"{CATALOG}.support.faq_index",
}


class Settings:
    JUDGE = "acme-judge"
    WAREHOUSE_ID: str = "4b9c1f2e3d5a6b7c"
