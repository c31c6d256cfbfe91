"""The operations of Stripe's API that the stand-in serves."""

from __future__ import annotations

OPERATIONS: dict[str, tuple[str, ...]] = {
    "/v1/billing_portal/sessions": ("post",),
    "/v1/charges": ("get",),
    "/v1/charges/{charge}": ("get",),
    "/v1/checkout/sessions": ("get", "post"),
    "/v1/checkout/sessions/{session}": ("get", "post"),
    "/v1/checkout/sessions/{session}/expire": ("post",),
    "/v1/checkout/sessions/{session}/line_items": ("get",),
    "/v1/coupons": ("get", "post"),
    "/v1/coupons/{coupon}": ("get", "delete"),
    "/v1/customers": ("get", "post"),
    "/v1/customers/{customer}": ("get", "post", "delete"),
    "/v1/disputes": ("get",),
    "/v1/disputes/{dispute}": ("get",),
    "/v1/events": ("get",),
    "/v1/events/{id}": ("get",),
    "/v1/invoice_payments": ("get",),
    "/v1/invoice_payments/{invoice_payment}": ("get",),
    "/v1/invoices": ("get",),
    "/v1/invoices/{invoice}": ("get",),
    "/v1/invoices/{invoice}/lines": ("get",),
    "/v1/invoices/{invoice}/pay": ("post",),
    "/v1/payment_intents": ("get",),
    "/v1/payment_intents/{intent}": ("get",),
    "/v1/prices": ("get", "post"),
    "/v1/prices/{price}": ("get", "post"),
    "/v1/products": ("get", "post"),
    "/v1/products/{id}": ("get", "post", "delete"),
    "/v1/refunds": ("get", "post"),
    "/v1/refunds/{refund}": ("get", "post"),
    "/v1/refunds/{refund}/cancel": ("post",),
    "/v1/subscriptions": ("get",),
    "/v1/subscriptions/{subscription_exposed_id}": ("get", "post", "delete"),
    "/v1/subscriptions/{subscription}/resume": ("post",),
    "/v1/test_helpers/test_clocks": ("get", "post"),
    "/v1/test_helpers/test_clocks/{test_clock}": ("get", "delete"),
    "/v1/test_helpers/test_clocks/{test_clock}/advance": ("post",),
    "/v1/webhook_endpoints": ("get", "post"),
    "/v1/webhook_endpoints/{webhook_endpoint}": ("get", "post", "delete"),
    "/v2/core/events": ("get",),
    "/v2/core/events/{id}": ("get",),
}

# Objects that only appear inside others, so that no operation reaches them.
EXTRA_SCHEMAS = ("balance_transaction", "deleted_customer", "event")
