# An overlay port, which builds the tree that it lies in: vcpkg install tarn --overlay-ports=packaging/vcpkg
cmake_path(SET SOURCE_PATH NORMALIZE ${CURRENT_PORT_DIR}/../../..)
vcpkg_cmake_configure(SOURCE_PATH ${SOURCE_PATH} OPTIONS
  -DTARN_NATIVE=OFF -DTARN_BUILD_TESTS=OFF -DTARN_BUILD_EXAMPLES=OFF -DTARN_BUILD_BENCHMARKS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/tarn)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/debug/include)
set(VCPKG_POLICY_SKIP_COPYRIGHT_CHECK enabled)
