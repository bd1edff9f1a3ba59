// Lists the subscriptions of AI nodes by expiry time, and the subscriptions that do not renew automatically.
import * as hologres from "pulumi-hologres";

// The resource is stored in the state, so a preview shows what has changed since the last update. Usage is excluded,
// because it changes continuously.
const subscribed = new hologres.AiNodeList("subscribed", {
    chargeTypes: [hologres.ChargeType.PrePaid],
    includeUsage: false,
});

// Times are ISO 8601 strings in UTC, so they can be sorted as text. Any field can be missing, because the API does not
// guarantee any field.
const byExpiry = subscribed.instanceModelList.apply(nodes =>
    [...nodes].sort((one, other) => (one.expirationTime ?? "").localeCompare(other.expirationTime ?? "")),
);

export const ids = subscribed.ids;
export const expiry = byExpiry.apply(nodes => nodes.map(node => `${node.expirationTime ?? "?"} ${node.aiInstanceId}`));
export const toRenew = byExpiry.apply(nodes => nodes.filter(node => !node.autoRenewal).map(node => node.aiInstanceId));
