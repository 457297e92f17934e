{ pkgs, lib }:
let
  inherit (pkgs.rustBuilder.rustLib) makeOverride;
  needs = name: inputs: makeOverride {
    inherit name;
    overrideAttrs = drv: { propagatedBuildInputs = drv.propagatedBuildInputs or [ ] ++ inputs; };
  };
in
lib.mapAttrsToList needs {
  alsa-sys = [ pkgs.alsa-lib ];
  libsqlite3-sys = with pkgs; [ sqlite ];
  openssl-sys = [ pkgs.openssl.dev ];
}
++ [
  (makeOverride {
    name = "prost-build";
    overrideAttrs = drv: { PROTOC = "${pkgs.protobuf}/bin/protoc"; };
  })
]
