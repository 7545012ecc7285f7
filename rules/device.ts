import { defineRules } from "./rule.ts";

/** Devices and their plugins. */
export const DEVICE_RULES = defineRules("device", [
  {
    id: "dev-mem-class",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "/dev/null, /dev/zero, /dev/urandom and their like",
    seen: "st_rdev major 1: any minor",
    detail:
      "/dev/null, /dev/zero, /dev/urandom, /dev/kmsg: by path. Write-only /dev/kmsg at position 0 is special-cased.",
    references: ["criu:criu/files.c:get_mem_dev_ops", "zdtm:static/fd", "zdtm:static/deleted_dev"],
  },
  {
    id: "dev-unsupported-chr",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a device that criu does not know",
    seen:
      "st_rdev: major 10 minors other than 200 and 235 (kvm 232, fuse 229, vhost-net 238, rtc 135, uinput 223, vfio 196, loop-control 237, snapshot, userfaultfd, udmabuf), 13 input, 116 sound, 180/189 usb, 226 drm, 81 v4l, 29 fb, 21 sg, 108 ppp, 231 infiniband, 244+ dynamic majors (hidraw, gpiochip, dma_heap, iommu, watchdog, rtc, ptp)",
    messages: [{ text: "Can't dump file %d of that type [%o] (%s %s)" }],
    remedy: "Close the device before the dump, or use a plugin for it.",
    references: ["criu:criu/files-ext.c:dump_unsupp_fd", "zdtm:static/rtc"],
  },
  {
    id: "dev-fuse-server",
    stage: "DUMP",
    effect: "REFUSED",
    title: "the tree serves a FUSE file system",
    seen: "fd link /dev/fuse (10:229): the tree is a FUSE server",
    messages: [{ text: "Can't dump file %d of that type [%o] (%s %s)" }],
    remedy: "Unmount it before the dump.",
    references: ["criu:criu/files-ext.c:dump_unsupp_fd"],
  },
  {
    id: "dev-amdgpu",
    stage: "DUMP",
    effect: "EXTERNAL",
    title: "an AMD GPU",
    seen: "fd link /dev/kfd or /dev/dri/renderD*; mapping of them: AMD GPU compute",
    detail:
      "Needs amdgpu_plugin.so in the plugin directory and a kernel with the KFD checkpoint ioctls; KFD version, topology and firmware are compared at restore.",
    options: ["--libdir PATH"],
    cost: "an equal GPU must be there at restore",
    messages: [
      { text: "CR not supported on current kernel (current:%02d.%02d min:%02d.%02d)" },
      { text: "Can't dump file %d of that type [%o] (%s %s)" },
    ],
    remedy:
      "Install criu's amdgpu plugin and give --libdir with its folder; the kernel must know the checkpoint calls of KFD (5.18).",
    references: ["criu:plugins/amdgpu/amdgpu_plugin.c:kernel_supports_criu"],
    since: "3.17",
  },
  {
    id: "dev-drm-other",
    stage: "DUMP",
    effect: "REFUSED",
    title: "a GPU that is not AMD's",
    seen: "fd link /dev/dri/card*, renderD* of a non-AMD driver: Intel, nouveau, virtio-gpu ...",
    messages: [
      { text: "Can't dump file %d of that type [%o] (%s %s)" },
      { text: "Can't handle non-regular mapping on %d's map %lx" },
    ],
    remedy: "Close the device before the dump: run the program without a display.",
    references: ["criu:criu/files-ext.c:dump_unsupp_fd"],
  },
  {
    id: "dev-cuda",
    stage: "DUMP",
    effect: "EXTERNAL",
    title: "an NVIDIA GPU in use by CUDA",
    seen:
      "fd link /dev/nvidia0, /dev/nvidiactl, /dev/nvidia-uvm; maps of the same; /proc/driver/nvidia/gpus: CUDA process",
    detail:
      "Needs cuda_plugin.so, the program cuda-checkpoint in PATH with --action (driver 555+), and no pre-dump. The plugin moves GPU state to host memory so that the driver closes its descriptors before the dump goes on; not for processes with device descriptors outside CUDA (graphics, NVENC).",
    options: ["--libdir PATH"],
    cost: "an equal GPU must be there at restore",
    messages: [{ text: "PAUSE_DEVICES failed with %s" }],
    remedy:
      "Install criu's cuda plugin (4.0) and cuda-checkpoint (driver 555 or newer), and give --libdir with the folder of the plugin.",
    references: ["criu:plugins/cuda/cuda_plugin.c:cuda_plugin_pause_devices"],
    since: "4.0",
  },
  {
    id: "dev-cuda-no-plugin",
    stage: "DUMP",
    effect: "REFUSED",
    title: "an NVIDIA GPU, and plugin or cuda-checkpoint are missing",
    seen: "same: plugin or tool missing",
    detail: "The plugin switches itself off with a warning, then the descriptor or mapping is refused.",
    messages: [
      { text: "Can't handle non-regular mapping on %d's map %lx" },
      { text: "Can't dump file %d of that type [%o] (%s %s)" },
    ],
    remedy:
      "Install criu's cuda plugin (4.0) and cuda-checkpoint (driver 555 or newer), and give --libdir with the folder of the plugin.",
    references: ["criu:criu/proc_parse.c:handle_vma"],
  },
  {
    id: "dev-cuda-predump",
    stage: "DUMP",
    effect: "REFUSED",
    title: "an NVIDIA GPU and a pre-dump",
    seen: "CUDA process and a plan with pre-dump: pre-dump",
    detail: "The plugin disables itself for pre-dump.",
    messages: [{ text: "Can't handle non-regular mapping on %d's map %lx" }],
    remedy: "Dump without a pre-dump.",
    references: ["criu:criu/proc_parse.c:handle_vma"],
    since: "4.0",
  },
  {
    id: "dev-cuda-freezer",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "an NVIDIA GPU and --freeze-cgroup",
    seen: "CUDA plugin active and --freeze-cgroup: both",
    detail: "The plugin turns the freezer off and uses ptrace stops only.",
    messages: [{ text: "unfreezing cgroup for plugin compatibility", level: "DEBUG" }],
    references: ["criu:criu/seize.c:prepare_freezer_for_interrupt_only_mode"],
    since: "4.1",
  },
  {
    id: "dev-restore-plugin",
    stage: "RESTORE",
    effect: "SUPPORTED",
    title: "a plugin that the dump used is missing at restore",
    seen: "inventory image plugin list: plugin recorded at dump, absent at restore",
    messages: [{ text: "Missing required plugin: %s" }],
    remedy: "Install the plugin and give --libdir with its folder.",
    references: ["criu:criu/plugin.c:cr_plugin_init"],
    since: "4.1",
  },
]);
