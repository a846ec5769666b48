// SCIMMY on express 4 with its users and groups in memory. Prints its origin once it listens.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

// One resource type: a Map of id → resource, and the attribute that must be unique in it.
function store(Resource, unique) {
    const held = new Map();
    const find = (id) => {
        if (!held.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        return held.get(id);
    };
    return Resource
        .ingress((resource, data) => {
            const value = JSON.parse(JSON.stringify(data));
            const before = resource.id ? find(resource.id) : undefined;
            const id = before?.id ?? randomUUID();
            const name = value[unique]?.toLowerCase();
            for (const other of held.values()) {
                if (other.id !== id && other[unique]?.toLowerCase() === name)
                    throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} is taken`);
            }
            const now = new Date().toISOString();
            const meta = { ...value.meta, created: before?.meta.created ?? now, lastModified: now };
            held.set(id, { ...value, id, meta });
            return held.get(id);
        })
        .egress((resource) => {
            if (resource.id) return find(resource.id);
            const all = [...held.values()];
            return resource.filter ? resource.filter.match(all) : all;
        })
        .degress((resource) => {
            find(resource.id);
            held.delete(resource.id);
        });
}

SCIMMY.Config.set({ patch: true, filter: true, sort: true, bulk: { supported: true, maxOperations: 100 } });
store(SCIMMY.Resources.declare(SCIMMY.Resources.User), "userName").extend(SCIMMY.Schemas.EnterpriseUser, false);
store(SCIMMY.Resources.declare(SCIMMY.Resources.Group), "displayName");

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${process.env.SCIM_TOKEN}`) throw new Error("Wrong bearer token");
        return "syncd";
    },
}));
const server = app.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
