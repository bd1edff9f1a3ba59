// Which subscriptions of AI nodes run out next, and which of them do not renew by themselves?
import * as hologres from "pulumi-hologres";

// Kept in the state: a preview shows what moved since the last update. Usage would move all the time.
const subscribed = new hologres.AiNodeList("subscribed", {
    chargeTypes: [hologres.ChargeType.PrePaid],
    includeUsage: false,
});

// Times are ISO 8601 in UTC, so their order is that of texts. Any field may be missing, because the API promises none.
const byExpiry = subscribed.instanceModelList.apply(nodes =>
    [...nodes].sort((one, other) => (one.expirationTime ?? "").localeCompare(other.expirationTime ?? "")),
);

export const ids = subscribed.ids;
export const expiry = byExpiry.apply(nodes => nodes.map(node => `${node.expirationTime ?? "?"} ${node.aiInstanceId}`));
export const toRenew = byExpiry.apply(nodes => nodes.filter(node => !node.autoRenewal).map(node => node.aiInstanceId));
