/** Our words for CRIU's messages: what is generated from them, and that CRIU's own description agrees. */
import assert from "node:assert/strict";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_rpc } from "../../proto/gen/rpc_pb.ts";
import { ROOT } from "../cli/binary.ts";
import { CRIU_3_17 } from "./machine.ts";

Deno.test("proto/gen is what scripts/proto writes", () => {
  const { success, stderr } = new Deno.Command(`${ROOT}/scripts/proto`, { args: ["--check"], stdin: "null" })
    .outputSync();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("every name, number and type of proto/rpc.proto is CRIU's own", () => {
  const folder = CRIU_3_17.replace(/\/criu$/, "/usr/include/criu");
  const out = Deno.makeTempFileSync({ prefix: "cready-proto-" });
  try {
    const { success, stderr } = new Deno.Command("protoc", {
      args: [`--proto_path=${folder}`, `--descriptor_set_out=${out}`, "rpc.proto"],
      stdin: "null",
    }).outputSync();
    assert(success, new TextDecoder().decode(stderr));
    const theirs = createFileRegistry(fromBinary(FileDescriptorSetSchema, Deno.readFileSync(out)));
    for (const message of file_rpc.messages) {
      const original = theirs.getMessage(message.name);
      assert(original, `CRIU has no message ${message.name}`);
      for (const field of message.fields) {
        const other: typeof field | undefined = original.fields.find(({ number }) => number === field.number);
        const shape = (one: typeof field | undefined) => [
          one?.name,
          one?.fieldKind,
          one?.presence,
          one?.scalar,
          one?.message?.name,
          one?.enum?.name,
        ];
        assert.deepEqual(shape(field), shape(other), `${message.name}.${field.name}`);
      }
    }
    for (const one of file_rpc.enums) {
      const original = theirs.getEnum(one.name)!;
      const values = (list: typeof one.values) => list.map(({ name, number }) => `${name}=${number}`);
      assert.deepEqual(values(one.values), values(original.values));
    }
  } finally {
    Deno.removeSync(out);
  }
});
