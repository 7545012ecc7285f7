import { Category } from "./category.ts";
import { CheckEvent } from "./check_event.ts";
import { CheckReport } from "./check_report.ts";
import { DumpOption } from "./dump_option.ts";
import { Feature } from "./feature.ts";
import { Host } from "./host.ts";
import { Inspection } from "./inspection.ts";
import { Obstacle } from "./obstacle.ts";
import { Process } from "./process.ts";
import { Query } from "./query.ts";
import { Subscription } from "./subscription.ts";

/** The resolvers of every type that has some. */
export const RESOLVERS = {
  Query,
  Subscription,
  Host,
  Category,
  Feature,
  CheckReport,
  Process,
  Inspection,
  DumpOption,
  Obstacle,
};

/** Which type a value of a union is. */
export const UNIONS = { CheckEvent };
