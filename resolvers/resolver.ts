import type { Fields } from "../schema/types.ts";
import type { Context } from "./context.ts";
import type { Models } from "./models.ts";

type Awaitable<T> = T | Promise<T>;

type Resolve<Model, Of extends { args: unknown; result: unknown }> = (
  parent: Model,
  args: Of["args"],
  context: Context,
) => Awaitable<Of["result"]>;

/** Fields without arguments that are a property of the model with the right type. */
type Given<Model, Type> = {
  [Name in keyof Type & keyof Model]: Type[Name] extends { args: infer Args; result: infer Result }
    ? [keyof Args] extends [never] ? Model[Name] extends Result ? Name : never : never
    : never;
}[keyof Type & keyof Model];

/** The resolvers of an object type: each field that its model does not have is needed, the others may be there. */
export type Resolvers<Type extends Exclude<keyof Fields, "Subscription">> =
  & {
    [Name in Exclude<keyof Fields[Type], Given<Models[Type], Fields[Type]>>]: Fields[Type][Name] extends
      { args: unknown; result: unknown } ? Resolve<Models[Type], Fields[Type][Name]> : never;
  }
  & {
    [Name in Given<Models[Type], Fields[Type]>]?: Fields[Type][Name] extends { args: unknown; result: unknown }
      ? Resolve<Models[Type], Fields[Type][Name]>
      : never;
  };

/** The resolvers of the subscription type: each yields the values of its field. */
export type Subscribers = {
  [Name in keyof Fields["Subscription"]]: {
    subscribe(
      parent: unknown,
      args: Fields["Subscription"][Name]["args"],
      context: Context,
    ): Awaitable<AsyncIterable<Fields["Subscription"][Name]["result"]>>;
    resolve(value: Fields["Subscription"][Name]["result"]): Fields["Subscription"][Name]["result"];
  };
};
