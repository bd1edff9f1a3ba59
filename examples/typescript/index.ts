// Lists the subscriptions of AI nodes that end next, and those that do not renew automatically.
import * as hologres from "pulumi-hologres";

// Kept in the state: a preview shows what changed since the last update. Usage would change all the time.
const subscribed = new hologres.AiNodeList("subscribed", {
    chargeTypes: [hologres.ChargeType.PrePaid],
    includeUsage: false,
});

// Times are ISO 8601 in UTC, so they sort as texts. Any field may be missing, because the API guarantees none.
const byExpiry = subscribed.instanceModelList.apply(nodes =>
    [...nodes].sort((one, other) => (one.expirationTime ?? "").localeCompare(other.expirationTime ?? "")),
);

export const ids = subscribed.ids;
export const expiry = byExpiry.apply(nodes => nodes.map(node => `${node.expirationTime ?? "?"} ${node.aiInstanceId}`));
export const toRenew = byExpiry.apply(nodes => nodes.filter(node => !node.autoRenewal).map(node => node.aiInstanceId));
